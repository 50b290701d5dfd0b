"""No request, however odd, is answered by a 5xx."""

import collections
import http.client
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.contrib.sessions.models import Session

from connected_apps.states.states import LIVE
from tests.security import made_up_requests
from tests.security.made_up_requests import MadeUp
from tests.support import builders, web_process, xero
from tests.support.linked import Linked
from tests.support.tally import LOST, PLAYED, tally
from tests.support.web_process import Answer, Web

# What requests must be able to meet, or they say little of the product. Of a few that are made up
# none may happen to.
_ELSEWHERE = (("Origin", "https://elsewhere.example.com"),)
KNOWN = (
    (200, MadeUp("GET", "/learners/", "", "text/plain", b"", ())),
    (302, MadeUp("GET", "/sign-in/", "", "text/plain", b"", ())),
    (403, MadeUp("POST", "/learners/new/", "", "text/plain", b"", _ELSEWHERE)),
    (404, MadeUp("GET", "/learners/999999999/", "", "text/plain", b"", ())),
    (405, MadeUp("PUT", "/learners/", "", "text/plain", b"", ())),
    # Forms that cannot be read, to where nothing has looked at them before it is refused.
    (400, MadeUp("POST", "/learners/", "", "multipart/form-data", b"x", (("Host", "a.b"),))),
    (404, MadeUp("POST", "/nothing/", "", "multipart/form-data", b"x", ())),
)


def known_rows(linked: Linked) -> dict[str, Any]:
    """Return ids that exist, by the names that addresses give them."""
    learner = builders.make_learner(linked.portal, sync_to_xero=True)
    linked.sweep()
    return {
        "learner_id": learner.pk,
        "contact_id": linked.organisation.contacts.values_list("pk", flat=True)[0],
        "document_id": linked.organisation.documents.values_list("pk", flat=True)[0],
        "run_id": linked.portal.sync_runs.values_list("pk", flat=True)[0],
        "job_id": 1,
        "import_id": 1,
        "key": f"learner-{learner.pk}",
    }


def send(web: Web, made_up: MadeUp, session_key: str) -> Answer | None:
    """Send a request; None where the server would not even read it."""
    headers = {**web_process.session_headers(session_key), "Content-Type": made_up.content_type}
    headers |= dict(made_up.headers)
    try:
        return web.send(made_up.method, made_up.address, made_up.body, headers)
    except (http.client.HTTPException, OSError):
        return None


def keep_connected(linked: Linked) -> None:
    """Undo what a request may have done that would leave the next ones little to try."""
    linked.connection.refresh_from_db()
    if linked.connection.state not in LIVE:
        xero.Browser(linked.world, linked.manager).connect()


@pytest.mark.timeout(3600)
def test_no_address_answers_with_a_fault_when_the_request_is_made_up(
    web: Web, web_log: Path, linked: Linked, fuzz_requests: int
) -> None:
    made = made_up_requests.requests_to(known_rows(linked))
    client = builders.client_of(linked.manager)
    seen: collections.Counter[int] = collections.Counter()
    faults: list[str] = []

    # What was changed stays changed, so the same request may fare otherwise later: no shrinking.
    @hypothesis.settings(
        max_examples=fuzz_requests,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(made)
    def throw(made_up: MadeUp) -> None:
        before = web_log.stat().st_size
        if not Session.objects.filter(session_key=client.session.session_key).exists():
            client.force_login(linked.manager)
        answer = send(web, made_up, str(client.session.session_key))
        status = answer.status if answer else 0
        seen[status] += 1
        if status >= 500:
            faults.append(f"{status}: {made_up}\n{web_log.read_bytes()[before:].decode()}")
        keep_connected(linked)

    for expected, known in KNOWN:
        answer = send(web, known, str(client.session.session_key))
        assert answer is not None
        assert answer.status == expected, (known, answer.status)
    throw()

    tally.count(f"{PLAYED}made-up requests", sum(seen.values()))
    tally.count(LOST, len(faults))
    tally.save()
    assert faults == []
    assert seen.total() >= fuzz_requests / 2, seen
