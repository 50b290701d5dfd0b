"""What people are told when their request meets a run that is under way: what really happened."""

import io
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.management import call_command

from tests.support import builders
from tests.support.linked import Linked, clock
from tests.support.resyncs import API, PAGE, end_first, request
from xero_sync.models import SyncRun

UNDER_WAY = "Re-sync of 1 Jan 2026 to 31 Mar 2026"
CASES = [
    pytest.param(("2025-06-01", "2025-06-30"), 201, "Re-sync started.", id="alone"),
    pytest.param(
        ("2026-02-01", "2026-02-28"),
        200,
        f"Nothing new had to start: {UNDER_WAY} is under way and reads these days too.",
        id="within",
    ),
    pytest.param(
        ("2026-03-01", "2026-05-31"),
        201,
        "Re-sync started for 1 Apr 2026 to 31 May 2026. The other days are read already "
        f"by what is under way: {UNDER_WAY}.",
        id="beside",
    ),
    pytest.param(
        ("2025-12-01", "2026-05-31"),
        201,
        f"Re-sync started. It takes the place of {UNDER_WAY}, whose days it reads too.",
        id="around",
    ),
]


@pytest.fixture
def busy(linked: Linked) -> Linked:
    """Give a portal with a run of three months under way."""
    end_first(linked)
    request(linked, "2026-01-01", "2026-03-31")
    return linked


@pytest.mark.parametrize(("days", "status", "words"), CASES)
def test_page_says_what_happened(
    busy: Linked, days: tuple[str, str], status: int, words: str
) -> None:
    client = builders.client_of(busy.manager)

    answer = client.post(PAGE, {"date_from": days[0], "date_to": days[1]}, follow=True)

    assert f"{words} You can leave this page: the bell and an e-mail tell you when " in unescape(
        answer.content.decode()
    )


@pytest.mark.parametrize(("days", "status", "words"), CASES)
def test_api_says_what_happened(
    busy: Linked, days: tuple[str, str], status: int, words: str
) -> None:
    before = set(SyncRun.objects.values_list("pk", flat=True))
    body: Any = {"date_from": days[0], "date_to": days[1]}

    answer = builders.client_of(busy.manager).post(API, body, content_type="application/json")

    assert (answer.status_code, answer.json()["detail"]) == (status, words)
    assert (answer.json()["id"] in before) == (status == 200)


@pytest.mark.parametrize(("days", "status", "words"), CASES)
def test_command_says_what_happened(
    busy: Linked, days: tuple[str, str], status: int, words: str
) -> None:
    said = io.StringIO()

    call_command("resync", busy.portal.slug, "--from", days[0], "--to", days[1], stderr=said)

    assert words in said.getvalue()


def test_request_beside_two_runs_names_both(busy: Linked) -> None:
    request(busy, "2025-06-01", "2025-07-31")
    body: Any = {"date_from": "2025-07-01", "date_to": "2026-02-01"}

    answer = builders.client_of(busy.manager).post(API, body, content_type="application/json")

    words = answer.json()["detail"]
    assert "started for 1 Aug 2025 to 31 Dec 2025" in words
    assert words.endswith(f"Re-sync of 1 Jun 2025 to 31 Jul 2025, {UNDER_WAY}.")


def test_request_during_the_first_sync_is_told_so(linked: Linked) -> None:
    today = clock().date()
    body: Any = {"date_from": today - timedelta(days=90), "date_to": today - timedelta(days=60)}

    answer = builders.client_of(linked.manager).post(API, body, content_type="application/json")

    assert answer.status_code == 200
    assert "First sync of all documents is under way" in answer.json()["detail"]
