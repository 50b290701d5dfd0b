"""Webhooks: signature over raw bytes, one insert, events fetched together."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from invoices.models import Document
from tests.support import builders, xero
from tests.support.broker import Broker
from tests.support.linked import Linked, clock
from tests.support.resyncs import ask
from tests.support.webhook_posts import KEYS, deliver, envelope, event, post, sign
from tests.support.xero_documents import open_invoice
from xero_sync.models import Delivery, EventState, Inbox, WebhookEvent
from xero_sync.runs import run_progress
from xero_sync.webhooks import deliveries, event_processing


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Let two signing keys be good at once."""
    settings.XERO_WEBHOOK_KEYS = KEYS


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.django_db
def test_intent_to_receive_is_answered_empty_whatever_the_spacing(key: str) -> None:
    body = (
        b'{"events": [],"lastEventSequence":0, "firstEventSequence":0,'
        b'"entropy": "S0m3r4Nd0mt3xt"}\n'
    )

    answer = post(body, sign(body, key))

    assert (answer.status_code, answer.content, answer.cookies) == (200, b"", {})


@pytest.mark.parametrize(
    "signature", ["", "nonsense", "ünïcode", sign(b"{}", "another-key"), sign(b"{} ", KEYS[0])]
)
@pytest.mark.django_db
def test_wrong_signature_is_refused_and_nothing_stored(signature: str) -> None:
    answer = post(b"{}", signature)

    assert (answer.status_code, answer.content, answer.cookies) == (401, b"", {})
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_delivery_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    body = envelope()

    with django_assert_num_queries(1):
        post(body, sign(body))

    assert bytes(Delivery.objects.get().body) == body


@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"events": 7}', b'{"events": [7]}'])
@pytest.mark.django_db
def test_signed_nonsense_is_kept_with_its_problem(body: bytes) -> None:
    assert post(body, sign(body)).status_code == 200

    assert deliveries.unpack(now=clock()) == set()
    assert Delivery.objects.get().problem
    assert not WebhookEvent.objects.exists()


def test_event_brings_the_document_it_names(linked: Linked) -> None:
    invoice_id = open_invoice(linked)
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=invoice_id)

    deliver(event(linked, "INVOICE", invoice_id))
    linked.take_events()

    assert Document.objects.get(xero_id=invoice_id).status == "PAID"
    assert WebhookEvent.objects.get().state == EventState.DONE


def test_what_an_event_brought_is_unchanged_to_the_next_resync(linked: Linked) -> None:
    """An event's fetch and a list's page tell a document in the same words."""
    linked.sweep()
    documents = [one for one in linked.books()["documents"] if one["xero_id"] in _stored()]
    one_of_each = {one["kind"]: one["xero_id"] for one in documents}
    assert len(one_of_each) == 4
    categories = ("INVOICE", "CREDITNOTE", "OVERPAYMENT", "PREPAYMENT")
    kinds = ("Invoices", "CreditNotes", "Overpayments", "Prepayments")

    for kind, category in zip(kinds, categories, strict=True):
        linked.world.do("documents", tenant=linked.tenant, act="touch", id=one_of_each[kind])
        deliver(event(linked, category, one_of_each[kind]))
    linked.take_events()
    figures = run_progress.progress_of(linked.work(ask(linked)))

    assert (figures.changed, figures.unchanged) == (0, len(documents))


def _stored() -> set[str]:
    return {str(one) for one in Document.objects.values_list("xero_id", flat=True)}


def test_events_on_many_documents_are_fetched_forty_a_call(linked: Linked) -> None:
    ids = [one["xero_id"] for one in linked.books()["documents"] if one["kind"] == "Invoices"][:100]
    before = linked.world.calls("/invoices")

    deliver(*(event(linked, "INVOICE", one) for one in ids + ids))
    linked.take_events()

    assert linked.world.calls("/invoices") - before == 3
    assert not WebhookEvent.objects.filter(state=EventState.PENDING).exists()


def test_credit_note_event_refreshes_the_invoice_it_was_applied_to(linked: Linked) -> None:
    invoice_id = open_invoice(linked)
    linked.sweep()
    before = Document.objects.get(xero_id=invoice_id).amount_credited
    credit_id = linked.world.do(
        "documents", tenant=linked.tenant, act="credit", id=invoice_id, amount="10.00"
    )["id"]

    deliver(event(linked, "CREDITNOTE", credit_id, data={"Type": "ACCRECCREDIT"}))
    linked.take_events()

    credit = Document.objects.get(xero_id=credit_id)
    assert [str(one.invoice_xero_id) for one in credit.allocations.all()] == [invoice_id]
    assert Document.objects.get(xero_id=invoice_id).amount_credited == before + 10


def test_payment_event_is_found_by_a_sweep(linked: Linked) -> None:
    invoice_id = open_invoice(linked)
    linked.sweep()
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=invoice_id)

    deliver(event(linked, "PAYMENT", "7f7a0e4a-0b0e-4a59-9a43-5a9d2ad3c1d0"))
    linked.take_events()
    linked.sweep()

    assert Document.objects.get(xero_id=invoice_id).status == "PAID"


@pytest.mark.parametrize(
    "change",
    [
        {"tenantId": "11111111-2222-3333-4444-555555555555"},
        {"eventCategory": "SOMETHINGNEW"},
        {"resourceId": "no id"},
        {"tenantId": None},
    ],
)
def test_event_that_needs_nothing_is_recorded_as_ignored(
    linked: Linked, change: dict[str, Any]
) -> None:
    deliver({**event(linked, "INVOICE", open_invoice(linked)), **change})

    assert deliveries.unpack(now=clock()) == set()

    stored = WebhookEvent.objects.get()
    assert (stored.state, bool(stored.note)) == (EventState.IGNORED, True)


def test_bill_named_by_an_event_is_fetched_and_left_out(linked: Linked) -> None:
    bill = next(one for one in linked.books()["documents"] if one["type"] == "ACCPAY")

    deliver(event(linked, "INVOICE", bill["xero_id"]))
    linked.take_events()

    assert not Document.objects.filter(xero_id=bill["xero_id"]).exists()
    assert WebhookEvent.objects.get().state == EventState.DONE


def test_event_waits_while_xero_is_away_and_is_fetched_after(linked: Linked) -> None:
    invoice_id = open_invoice(linked)
    linked.world.fail("/api.xro/2.0/Invoices", named="maintenance")
    deliver(event(linked, "INVOICE", invoice_id))
    deliveries.unpack(now=clock())

    delay = event_processing.fetch_pending(organisation_id=linked.organisation.pk, clock=clock)

    assert delay is not None
    assert delay.total_seconds() > 0
    assert WebhookEvent.objects.get().state == EventState.PENDING

    Inbox.objects.update(not_before=None)
    assert (
        event_processing.fetch_pending(organisation_id=linked.organisation.pk, clock=clock) is None
    )
    assert WebhookEvent.objects.get().state == EventState.DONE


def test_event_that_xero_rejects_holds_up_no_other(linked: Linked) -> None:
    named = [one["xero_id"] for one in linked.books()["documents"] if one["type"] == "ACCREC"][:2]
    linked.world.fail("/api.xro/2.0/Invoices", times=2, status=400, body="{}")

    deliver(*(event(linked, "INVOICE", one) for one in named))
    linked.take_events()

    states = WebhookEvent.objects.filter(delivery__isnull=False).values_list("state", flat=True)
    assert sorted(states) == [EventState.DONE, EventState.IGNORED]


def test_event_of_an_impossible_moment_holds_up_no_delivery(linked: Linked) -> None:
    odd = event(linked, "INVOICE", linked.tenant)
    odd["eventDateUtc"] = "0001-01-01T00:00:00+14:00"
    Delivery.objects.create(received_at=clock(), body=envelope(odd))

    deliveries.unpack(now=clock())

    assert WebhookEvent.objects.get().happened_at is None


def test_event_reaches_every_portal_that_is_connected_to_the_organisation(linked: Linked) -> None:
    other = connect_another_portal(linked)
    invoice_id = open_invoice(linked)
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=invoice_id)

    deliver(event(linked, "INVOICE", invoice_id))
    broker = Broker()
    broker.lose_all()
    deliveries.unpack(now=clock())
    broker.answer()

    both = {linked.organisation.pk, other.organisation.pk}
    paid = Document.objects.filter(xero_id=invoice_id, status="PAID")
    assert set(paid.values_list("organisation_id", flat=True)) == both


def test_event_that_needs_nothing_is_recorded_for_every_portal(linked: Linked) -> None:
    other = connect_another_portal(linked)
    deliver({**event(linked, "INVOICE", open_invoice(linked)), "resourceId": "no id"})

    assert deliveries.unpack(now=clock()) == set()

    events = WebhookEvent.objects.order_by("organisation_id")
    assert [(one.organisation_id, one.state) for one in events] == [
        (linked.organisation.pk, EventState.IGNORED),
        (other.organisation.pk, EventState.IGNORED),
    ]
    assert len({(one.note, one.settled_at, one.delivery_id) for one in events}) == 1


@pytest.mark.django_db(transaction=True)
def test_more_deliveries_than_a_turn_takes_are_unpacked_in_the_next() -> None:
    broker = Broker()
    broker.lose_all()
    Delivery.objects.bulk_create(
        Delivery(received_at=clock(), body=envelope()) for _ in range(100 + 1)
    )

    deliveries.unpack(now=clock())

    assert Delivery.objects.filter(unpacked_at=None).count() == 1
    assert broker.waiting() == [("xero_sync.tasks.unpack_deliveries", [])]
    broker.answer()
    assert not deliveries.are_waiting()


def connect_another_portal(linked: Linked) -> Linked:
    """Connect a second portal of this installation to the same organisation of Xero."""
    portal = builders.make_portal("Other Training")
    manager = builders.make_user(portal, portal_admin=True)
    browser = xero.Browser(linked.world, manager)
    browser.connect()
    browser.post(xero.CHOOSE, organisation=linked.tenant, confirmed="yes")
    return Linked(linked.world, portal, manager, browser.connection)
