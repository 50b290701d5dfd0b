"""Learners, versions, the connection and re-syncs by API."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connected_apps.models import AuditEvent, Connection, State
from invoices.models import Document, DocumentVersion, Kind, ReadBy
from lrm.models import ApiAnswer, LrmRole, Portal
from lrm.rest import idempotency
from tests.support import api_client, builders, document_builders, resyncs
from tests.support.api_client import Program
from tests.support.linked import Linked
from xero_sync.contacts import learner_outlook
from xero_sync.contacts.learner_outlook import Standing
from xero_sync.models import (
    OPEN_RUNS,
    ContactPush,
    Cursor,
    PushStart,
    PushState,
    RunState,
    SyncRun,
)
from xero_sync.resources import Resource
from xero_sync.runs import run_requests

YEAR = {"date_from": "2026-01-01", "date_to": "2026-01-31"}


@pytest.fixture
def program(portal: Portal) -> Program:
    return api_client.program_of(builders.make_user(portal))


def results(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


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

    found = {one["id"]: one["xero"] for one in results(program.get("learners/"))}

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
    by_number = results(program.get("learners/?number=T1"))
    by_time = results(program.get(f"learners/?updated_since={since}"))

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
            make_run(portal, state=RunState.DONE)

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


def make_run(portal: Portal, **fields: Any) -> SyncRun:
    given = {"date_from": "2026-01-01", "date_to": "2026-01-31", "requested_at": timezone.now()}
    organisation = Connection.objects.get(portal=portal).organisation
    assert organisation is not None
    return SyncRun.objects.create(
        portal=portal, organisation=organisation, generation=0, **{**given, **fields}
    )


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
    whole = results(program.get(path))
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


def test_program_starts_watches_and_cancels_a_re_sync(linked: Linked) -> None:
    resyncs.end_first(linked)
    program = api_client.program_of(linked.manager)

    started = program.post("sync-runs/", YEAR)
    run = SyncRun.objects.latest("pk")
    seen = program.get(f"sync-runs/{run.pk}/").json()
    cancelled = program.post(f"sync-runs/{run.pk}/cancel/")
    again = program.post(f"sync-runs/{run.pk}/cancel/")
    resumed = program.post(f"sync-runs/{run.pk}/resume/")

    assert (started.status_code, started.json()["detail"]) == (201, "Re-sync started.")
    assert run.requested_by == linked.manager
    assert (seen["id"], seen["state"], seen["date_to"]) == (run.pk, "QUEUED", "2026-01-31")
    assert cancelled.json()["state"] == "CANCELLED"
    assert (again.status_code, again.json()["detail"]) == (409, "It has ended already.")
    assert resumed.status_code == 200
    acts = AuditEvent.objects.filter(actor=linked.manager).values_list("action", flat=True)
    assert {"RESYNC_REQUESTED", "RESYNC_CANCELLED"} <= set(acts)


def test_re_sync_is_read_to_its_verified_end_by_a_program_that_watches(linked: Linked) -> None:
    linked.sweep()
    program = api_client.program_of(linked.manager)
    started = program.post("sync-runs/", {"date_from": "2020-01-01", "date_to": "2030-12-31"})

    linked.work(SyncRun.objects.get(pk=started.json()["id"]))
    seen = program.get(f"sync-runs/{started.json()['id']}/").json()

    assert seen["state"] == "DONE"
    assert seen["log"]
    for kind in seen["kinds"]:
        assert (kind["stage"], kind["here"]) == ("COMPLETE", kind["in_xero"])


@pytest.mark.django_db
def test_one_person_cannot_queue_sixty_re_syncs(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    programs = [api_client.program_of(admin) for _ in range(2)]

    answers = [
        programs[n % 2].post(
            "sync-runs/",
            {
                "date_from": f"2026-{1 + n // 14:02}-{1 + n % 14 * 2:02}",
                "date_to": f"2026-{1 + n // 14:02}-{1 + n % 14 * 2:02}",
            },
            Idempotency_Key=f"key-{n}",
        )
        for n in range(60)
    ]

    most = run_requests.MOST_OPEN
    assert [one.status_code for one in answers] == [201] * most + [409] * (60 - most)
    assert "are under way" in answers[-1].json()["detail"]
    assert SyncRun.objects.filter(state__in=OPEN_RUNS).count() == most
    assert ApiAnswer.objects.count() == most


@pytest.mark.django_db
def test_runs_are_listed_newest_first_and_narrowed(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    program = api_client.program_of(builders.make_user(portal, portal_admin=True))
    made = [make_run(portal, state=RunState.DONE).pk for _ in range(5)]
    open_one = make_run(portal, state=RunState.RUNNING).pk

    walked = [one["id"] for one in program.read_to_the_end("sync-runs/?limit=2&state=DONE")]

    assert walked[:5] == made[::-1]
    assert [one["id"] for one in results(program.get("sync-runs/?state=RUNNING"))] == [open_one]
    assert program.get("sync-runs/?state=STALLED").status_code == 400
    assert program.get("sync-runs/?limit=51").status_code == 400


@pytest.mark.django_db
def test_same_key_starts_one_re_sync(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    colleague = builders.make_user(portal, portal_admin=True)
    program = api_client.program_of(admin)
    first = program.post("sync-runs/", YEAR, Idempotency_Key="a")
    SyncRun.objects.filter(pk=first.json()["id"]).update(state=RunState.DONE)

    again = program.post("sync-runs/", YEAR, Idempotency_Key="a")
    other_body = program.post("sync-runs/", {**YEAR, "date_to": "2026-02-28"}, Idempotency_Key="a")
    other_person = api_client.program_of(colleague).post("sync-runs/", YEAR, Idempotency_Key="a")
    other_key = program.post("sync-runs/", YEAR, Idempotency_Key="b")
    too_long = program.post("sync-runs/", YEAR, Idempotency_Key="k" * 256)

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other_body.status_code == 422
    assert other_person.json()["id"] != first.json()["id"]
    assert other_key.json()["id"] not in {first.json()["id"]}
    assert too_long.status_code == 400
    assert "a" not in set(ApiAnswer.objects.values_list("key_hash", flat=True))


@pytest.mark.django_db
def test_refusal_is_not_kept_for_a_key(portal: Portal) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    program = api_client.program_of(admin)

    refused = program.post("sync-runs/", YEAR, Idempotency_Key="a")
    document_builders.make_organisation(portal)
    done = program.post("sync-runs/", YEAR, Idempotency_Key="a")

    assert (refused.status_code, done.status_code) == (409, 201)


@pytest.mark.django_db
def test_old_answers_are_forgotten(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    api_client.program_of(admin).post("sync-runs/", YEAR, Idempotency_Key="a")

    assert idempotency.forget_old(now=timezone.now()) == 0
    assert idempotency.forget_old(now=timezone.now() + idempotency.KEEP) == 1


@pytest.mark.django_db(transaction=True)
def test_same_key_at_the_same_moment_starts_one_re_sync(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    admin = builders.make_user(portal, portal_admin=True)
    program = api_client.program_of(admin)
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(program.post("sync-runs/", YEAR, Idempotency_Key="a"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert sum("Idempotent-Replayed" in one.headers for one in answers) == 3
    assert SyncRun.objects.filter(requested_by=admin).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "date_from"),
        ({"date_from": "2026-02-31", "date_to": "2026-03-01"}, "date_from"),
        ({"date_from": "2026-03-02", "date_to": "2026-03-01"}, "date_to"),
        ({"date_from": "2026-01-01", "date_to": "99999-03-01"}, "date_to"),
        ({**YEAR, "what": "everything"}, "what"),
        ([1], "body"),
    ],
)
def test_re_sync_is_refused_at_the_field_when_it_cannot_be(
    portal: Portal, body: Any, field: str
) -> None:
    document_builders.make_organisation(portal)
    program = api_client.program_of(builders.make_user(portal, portal_admin=True))

    answer = program.post("sync-runs/", body)

    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    # The first release named the field at the top.
    assert answer.json()[field] == answer.json()["errors"][field]
    assert not SyncRun.objects.exclude(is_first=True).exists()


@pytest.mark.django_db
def test_rights_are_those_of_the_page(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    run = make_run(portal)
    owner = api_client.program_of(builders.make_user(portal, portal_admin=True))
    watcher = api_client.program_of(
        builders.make_user(portal, portal_admin=True, role=LrmRole.NONE)
    )
    colleague = api_client.program_of(builders.make_user(portal))
    stranger = api_client.program_of(builders.make_user(builders.make_portal(), portal_admin=True))

    assert watcher.get(f"sync-runs/{run.pk}/").status_code == 200
    assert watcher.post(f"sync-runs/{run.pk}/cancel/").status_code == 403
    assert colleague.get("sync-runs/").status_code == 403
    for method in (stranger.get, stranger.post):
        assert method(f"sync-runs/{run.pk}/cancel/").status_code in {404, 405}
    assert stranger.get(f"sync-runs/{run.pk}/").status_code == 404
    run.refresh_from_db()
    assert run.state == RunState.QUEUED
    assert owner.post(f"sync-runs/{run.pk}/cancel/").status_code == 200
