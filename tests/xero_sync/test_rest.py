"""Learners, versions and the connection by API."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connected_apps.models import Connection, State
from invoices.models import Document, DocumentVersion, Kind, ReadBy
from lrm.models import Portal
from tests.support import api_client, builders, document_builders, resyncs
from tests.support.api_client import Program
from xero_sync.contacts import learner_outlook
from xero_sync.contacts.learner_outlook import Standing
from xero_sync.models import (
    ContactPush,
    Cursor,
    PushStart,
    PushState,
    RunState,
)
from xero_sync.resources import Resource


@pytest.fixture
def program(portal: Portal) -> Program:
    return api_client.program_of(builders.make_user(portal))


def push(learner: Any, state: PushState, problem: str = "") -> None:
    ContactPush.objects.create(
        learner=learner, state=state, problem=problem, requested_at=timezone.now()
    )


@pytest.mark.django_db
def test_learner_stands_as_the_page_says_in_every_standing(
    program: Program, portal: Portal
) -> None:
    organisation = document_builders.make_organisation(portal)
    PushStart.objects.create(organisation=organisation, started_at=timezone.now(), by_name="A test")
    learners = [builders.make_learner(portal, sync_to_xero=True) for _ in range(6)]
    unticked, waiting, asked, refused, archived, fine = learners
    unticked.sync_to_xero = False
    unticked.save()
    push(waiting, PushState.PENDING)
    push(asked, PushState.QUESTION)
    push(refused, PushState.REFUSED, "Xero says no")
    for one in (archived, fine):
        document_builders.make_linked(one, organisation)
    organisation.contacts.filter(contact_number=archived.number).update(status="ARCHIVED")
    builders.make_learner(portal, sync_to_xero=True)

    found = {one["id"]: one["xero"] for one in api_client.results(program.get("learners/"))}

    assert [found[one.pk]["state"] for one in learners] == [
        *("NOT_TICKED", "WAITING", "QUESTION", "REFUSED", "ARCHIVED", "IN_XERO")
    ]
    assert found[refused.pk]["why"] == "Xero says no"
    assert found[fine.pk]["contacts"][0]["is_active"] is True
    for learner in portal.learners.all():
        standing = learner_outlook.outlook_of(learner).standing
        assert (found[learner.pk]["state"], found[learner.pk]["state_in_words"]) == (
            standing.name,
            standing.value,
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"state": State.NEEDS_RECONNECTING}, Standing.BROKEN),
        ({"state": State.DISCONNECTED_HERE}, Standing.NOT_CONNECTED),
        ({}, Standing.HELD),
    ],
)
def test_learner_stands_as_the_connection_lets_them(
    program: Program, portal: Portal, change: dict[str, Any], state: Standing
) -> None:
    learner = builders.make_learner(portal, sync_to_xero=True)
    assert program.get(f"learners/{learner.pk}/").json()["xero"]["state"] == "NOT_CONNECTED"

    document_builders.make_organisation(portal)
    Connection.objects.update(**change)

    assert program.get(f"learners/{learner.pk}/").json()["xero"]["state"] == state.name


@pytest.mark.django_db
def test_learners_are_narrowed_and_are_of_one_portal(program: Program, portal: Portal) -> None:
    now = timezone.now()
    old = builders.make_learner(portal, number="T1", updated_at=now - timedelta(days=9))
    new = builders.make_learner(portal, number="T2", updated_at=now)
    theirs = builders.make_learner(builders.make_portal(), number="T1")

    since = (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    by_number = api_client.results(program.get("learners/?number=T1"))
    by_time = api_client.results(program.get(f"learners/?updated_since={since}"))

    assert [one["id"] for one in by_number] == [old.pk]
    assert [one["id"] for one in by_time] == [new.pk]
    assert program.get(f"learners/{theirs.pk}/").status_code == 404
    assert program.get("learners/99999999999999999999999/").status_code == 404


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_page(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    program = api_client.program_of(admin)

    def make(count: int) -> None:
        for _ in range(count):
            learner = builders.make_learner(portal, sync_to_xero=True)
            document_builders.make_linked(learner, organisation)
            push(learner, PushState.PENDING)
            resyncs.make_run(portal, state=RunState.DONE)

    def cost(path: str) -> int:
        program.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert program.get(path).status_code == 200
        return len(queries)

    make(1)
    before = [cost("learners/"), cost("sync-runs/")]
    make(6)

    assert [cost("learners/"), cost("sync-runs/")] == before
    assert before <= [12, 8]


def raw_invoice(document: Document, **fields: Any) -> dict[str, Any]:
    """Return an invoice as Xero sends it."""
    return {
        "Type": "ACCREC",
        "InvoiceID": str(document.xero_id),
        "InvoiceNumber": document.number,
        "Status": "AUTHORISED",
        "CurrencyCode": "AUD",
        "SubTotal": 100.0,
        "TotalTax": 10.0,
        "Total": 110.0,
        "AmountDue": 110.0,
        "AmountPaid": 0.0,
        "AmountCredited": 0.0,
        "UpdatedDateUTC": "/Date(1767225600000+0000)/",
        "LineItems": [],
        **fields,
    }


@pytest.mark.django_db
def test_versions_tell_what_a_document_said_before(program: Program, portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    document = document_builders.make_document(organisation, kind=Kind.INVOICE)
    Document.objects.filter(pk=document.pk).update(raw=raw_invoice(document, Reference="now"))
    start = document_builders.NOW
    for n in range(5):
        DocumentVersion.objects.create(
            document=document,
            raw=raw_invoice(document, Reference=f"then {n}"),
            digest=b"0" * 16,
            updated_at=start,
            read_at=start,
            stored_at=start + timedelta(hours=n),
            replaced_at=start + timedelta(hours=n + 1),
            replaced_by=ReadBy.WEBHOOK,
        )

    path = f"documents/{document.pk}/versions/"
    whole = api_client.results(program.get(path))
    walked = program.read_to_the_end(f"{path}?limit=2")

    assert walked == whole
    assert [one["replaced_at"] for one in whole] == [
        f"2026-11-20T0{hour}:00:00Z" for hour in (6, 5, 4, 3, 2)
    ]
    afters = ["now", "then 4", "then 3", "then 2", "then 1"]
    assert [one["changes"][0]["after"] for one in whole] == afters
    assert whole[0]["changes"] == [{"field": "Reference", "before": "then 4", "after": "now"}]
    assert whole[0]["replaced_by"] == "WEBHOOK"


@pytest.mark.django_db
def test_connection_says_its_state_and_how_current_each_kind_is(
    program: Program, portal: Portal
) -> None:
    nothing = program.get("connection/").json()
    organisation = document_builders.make_organisation(portal)
    Connection.objects.update(state=State.NEEDS_RECONNECTING, reason="Xero took it back.")
    through = document_builders.NOW
    Cursor.objects.create(
        organisation=organisation,
        resource=Resource.INVOICE,
        swept_through=through,
        next_due_at=through,
    )

    found = program.get("connection/").json()

    assert (nothing["state"], nothing["organisation"]) == ("NOT_CONNECTED", None)
    assert nothing["freshness"]["condition"] == "not_connected"
    assert (found["state"], found["state_in_words"]) == (
        "NEEDS_RECONNECTING",
        "Needs reconnecting",
    )
    assert found["reason"] == "Xero took it back."
    assert found["organisation"]["name"] == organisation.name
    assert found["freshness"]["complete"] is False
    assert found["current_as_of"] == {
        "INVOICE": "2026-11-20T01:00:00Z",
        "CREDIT_NOTE": None,
        "OVERPAYMENT": None,
        "PREPAYMENT": None,
    }
