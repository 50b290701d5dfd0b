"""The API keeps its own description: no fault and no answer that is not in it, whatever is sent.

schemathesis makes requests up from the description, as it should be used and as it should not, and
holds every answer against it. A few for each operation here, as many as asked for in `make soak`.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks

from invoices.models import Kind
from lrm.models import Portal
from lrm.rest import request_counts, schema
from lrm.wsgi import application
from tests.support import api_client, builders, document_builders

CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
MANY = 10**9


def known_ids(portal: Portal) -> dict[str, list[int]]:
    """Store some of everything and return the ids by the names that addresses give them."""
    organisation = document_builders.make_organisation(portal)
    learner = builders.make_learner(portal, sync_to_xero=True)
    contact_id = document_builders.make_linked(learner, organisation)
    documents = [
        document_builders.make_document(organisation, kind=kind, contact_xero_id=contact_id)
        for kind in Kind
    ]
    document_builders.apply_credit(documents[1], documents[0], "10")
    document_builders.make_payment(documents[0], "20.125")
    return {
        "learner_id": [learner.pk],
        "contact_id": list(organisation.contacts.values_list("pk", flat=True)),
        "document_id": [one.pk for one in documents],
        "run_id": list(portal.sync_runs.values_list("pk", flat=True)),
    }


def requests_to(operation: Any, known: dict[str, list[int]]) -> st.SearchStrategy[Any]:
    """Return requests as the description has them and as it has them not, some with real ids."""
    right, wrong = (
        operation.as_strategy(generation_mode=mode)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )
    named = [name for name in known if f"{{{name}}}" in operation.path]
    if not named:
        return st.one_of(right, wrong)
    real = st.sampled_from(known[named[0]]).flatmap(
        lambda pk: operation.as_strategy(path_parameters={named[0]: pk})
    )
    return st.one_of(real, right, wrong)


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """Let requests leave the test's connection to the database open, as Django's client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.timeout(3600)
def test_every_answer_is_one_that_the_description_has(
    one_connection: None, portal: Portal, api_examples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OF_HOLDER", "OF_ADDRESS"):
        monkeypatch.setattr(request_counts, name, request_counts.Limit(name, MANY))
    known = known_ids(portal)
    manager = builders.make_user(portal, portal_admin=True, accounts=True)
    headers = {"Authorization": f"Bearer {api_client.make_token(manager)}"}
    described: Any = schemathesis.openapi.from_dict(schema.described())
    described.app = application
    seen: Counter[int] = Counter()

    for found in described.get_all_operations():
        operation: Any = found.ok()

        @hypothesis.settings(
            max_examples=api_examples,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(requests_to(operation, known))
        def ask(case: Any) -> None:
            answer = case.call(headers=headers, base_url="http://testserver")
            seen[answer.status_code] += 1
            case.validate_response(answer, checks=CHECKS)
            assert answer.status_code not in {500, 502}, answer.text

        ask()

    assert seen.keys() >= {200, 400, 404}, seen
