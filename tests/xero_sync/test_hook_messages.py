"""What programs outside are told of Xero: documents, ends of runs, a connection that broke."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from connected_apps.states import states
from connected_apps.states.states import Trigger
from invoices.models import Document
from lrm.hooks import outbox
from lrm.models import HookEndpoint, HookMessage
from tests.support import builders, hook_receiver
from tests.support.broker import Broker
from tests.support.hook_receiver import Receiver
from tests.support.hooks import Desk
from tests.support.linked import Linked, clock, neighbour_of
from tests.support.resyncs import ask
from tests.support.staff import raise_invoice, somebodys
from xero_sync.runs import run_requests


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOK_LOCAL_TARGETS = True
    with hook_receiver.listening() as running:
        yield running


@pytest.fixture
def desk(linked: Linked, receiver: Receiver) -> Desk:
    linked.sweep()
    return Desk(linked.portal, linked.manager)


def told(endpoint: HookEndpoint, type: str) -> list[HookMessage]:
    return list(endpoint.messages.filter(type=type).order_by("pk"))


def test_program_is_told_which_document_changed_and_asks_for_it_by_api(
    linked: Linked, desk: Desk, receiver: Receiver
) -> None:
    endpoint, _ = desk.make(receiver.url)
    contact, _ = somebodys(linked)
    learner = builders.make_learner(linked.portal, number="L7654321")
    linked.organisation.contact_links.filter(contact_xero_id=contact["contact_id"]).delete()
    linked.organisation.contact_links.create(
        learner=learner,
        contact_xero_id=contact["contact_id"],
        source="PERSON",
        created_at=clock(),
    )
    number = raise_invoice(linked, contact["contact_id"])

    linked.sweep()
    desk.work()

    document = Document.objects.get(organisation=linked.organisation, number=number)
    (got,) = [one for one in receiver.got if one.content["data"]["number"] == number]
    assert got.content["type"] == "document.changed"
    assert got.content["data"] == {
        "id": document.pk,
        "kind": "INVOICE",
        "number": number,
        "learner_id": learner.pk,
        "url": f"http://localhost:8000/api/v1/documents/{document.pk}/",
    }
    path = got.content["data"]["url"].removeprefix("http://localhost:8000")
    assert builders.client_of(linked.manager).get(path).json()["number"] == number
    assert told(endpoint, "document.changed")


def test_nothing_is_told_of_what_was_rolled_back_or_did_not_change(
    linked: Linked, desk: Desk, receiver: Receiver
) -> None:
    endpoint, _ = desk.make(receiver.url)

    linked.sweep()
    thing = outbox.Thing(1, "INVOICE", "/api/v1/documents/1/")
    with transaction.atomic():
        outbox.note(
            portal_id=linked.portal.pk, type="document.changed", things=[thing], now=clock()
        )
        transaction.set_rollback(True)

    assert told(endpoint, "document.changed") == []


def test_each_of_two_portals_on_one_organisation_hears_only_its_own(
    linked: Linked, desk: Desk, receiver: Receiver
) -> None:
    other = neighbour_of(linked)
    other.sweep()
    others = Desk(other.portal, other.manager)
    contact, _ = somebodys(linked)
    with hook_receiver.listening() as elsewhere:
        desk.make(receiver.url)
        others.make(elsewhere.url)
        raise_invoice(linked, contact["contact_id"])

        linked.sweep()
        desk.work()
        before = len(elsewhere.got)
        other.sweep()
        desk.work()

        ours = {one.content["data"]["id"] for one in receiver.got}
        theirs = {one.content["data"]["id"] for one in elsewhere.got}
    assert before == 0
    assert ours <= set(linked.organisation.documents.values_list("pk", flat=True))
    assert theirs <= set(other.organisation.documents.values_list("pk", flat=True))
    assert ours
    assert theirs


def test_end_of_a_run_is_told_whether_it_ends_or_is_cancelled(
    linked: Linked, desk: Desk, receiver: Receiver
) -> None:
    endpoint, _ = desk.make(receiver.url)
    ask(linked)
    run = linked.portal.sync_runs.latest("pk")
    linked.work(run)
    ask(linked)
    other = linked.portal.sync_runs.latest("pk")
    run_requests.cancel(run=other, by=linked.manager, now=clock())

    assert [one.data["id"] for one in told(endpoint, "sync_run.ended")] == [run.pk, other.pk]
    assert told(endpoint, "sync_run.ended")[0].data["path"] == f"/api/v1/sync-runs/{run.pk}/"


def test_broken_connection_is_told_once(linked: Linked, desk: Desk, receiver: Receiver) -> None:
    endpoint, _ = desk.make(receiver.url)
    for _ in range(2):
        states.apply(
            connection_id=linked.connection.pk,
            trigger=Trigger.GRANT_DEAD,
            by=None,
            why="Xero no longer accepts our permission.",
            now=clock(),
        )

    (message,) = told(endpoint, "connection.broken")
    assert message.data["path"] == "/api/v1/connection/"


def test_page_of_a_portal_without_an_endpoint_asks_one_question_and_writes_nothing(
    linked: Linked, desk: Desk
) -> None:
    contact, _ = somebodys(linked)
    raise_invoice(linked, contact["contact_id"])

    with CaptureQueriesContext(connection) as asked:
        linked.sweep()

    about = [one["sql"] for one in asked.captured_queries if "lrm_hook" in one["sql"]]
    assert len(about) == 1
    assert not HookMessage.objects.exists()


def test_worker_is_woken_in_a_queue_of_its_own(linked: Linked, desk: Desk) -> None:
    endpoint, _ = desk.make("http://127.0.0.1:9/")
    broker = Broker()
    broker.lose_all()

    desk.test(endpoint)

    assert broker.length("hooks") == 1
    assert broker.waiting() == [("lrm.tasks.send_hooks", [endpoint.pk])]
