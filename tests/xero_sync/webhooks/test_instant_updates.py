"""What was announced and what never was, over thirty days; and acting again on stored events."""

import re
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connected_apps.models import AuditEvent, Connection, State
from invoices.models import Document
from tests.support import builders, page_reading
from tests.support.linked import Linked, clock, neighbour_of
from tests.support.mirror import ours, theirs
from tests.support.resyncs import people
from tests.support.webhook_events import announce
from tests.support.webhook_posts import KEYS, deliver, event
from tests.support.xero_documents import invoice_ids, open_invoice, pay_something_unannounced
from xero_sync.models import EventState, UnannouncedChange, WebhookEvent
from xero_sync.webhooks import deliveries

PAGE = "/settings/connected-apps/xero/events/"
AGAIN = f"{PAGE}again/"


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Let webhooks be signed."""
    settings.XERO_WEBHOOK_KEYS = KEYS


def page(linked: Linked, address: str = PAGE) -> str:
    """Return what the page says to the portal admin."""
    html = builders.client_of(linked.manager).get(address).content.decode()
    return page_reading.text_of(html)


def lately(linked: Linked, **other: str) -> dict[str, str]:
    """Return the fields for what came since yesterday."""
    yesterday = clock().astimezone(linked.portal.zone).date() - timedelta(days=1)
    return {
        "date_from": yesterday.isoformat(),
        "date_to": (yesterday + timedelta(days=2)).isoformat(),
        **other,
    }


def act_again(linked: Linked, fields: dict[str, str] | None = None) -> str:
    """Press *Fetch again*, and return what the page answers."""
    client = builders.client_of(linked.manager)
    answer = client.post(AGAIN, fields or lately(linked), follow=True)
    return page_reading.text_of(answer.content.decode())


def test_changes_that_nothing_announced_are_counted_by_day_and_kind_and_shown(
    linked: Linked,
) -> None:
    linked.sweep()
    for _ in range(2):
        pay_something_unannounced(linked)
        linked.sweep()
    row = UnannouncedChange.objects.get()
    assert (row.resource, row.count) == ("INVOICE", 2)
    assert row.day == clock().astimezone(linked.portal.zone).date()
    UnannouncedChange.objects.create(
        organisation=linked.organisation,
        resource="CREDIT_NOTE",
        day=row.day - timedelta(days=29),
        count=5,
    )
    UnannouncedChange.objects.create(
        organisation=linked.organisation,
        resource="CONTACT",
        day=row.day - timedelta(days=30),
        count=40,
    )

    html = builders.client_of(linked.manager).get(PAGE).content.decode()

    text = page_reading.text_of(html)
    assert "Invoices 0 2" in text
    assert "Credit notes 0 5" in text
    assert "Contacts" not in text.split("by kind")[1].split("Fetch again")[0]
    assert "never announced, at most 5 a day" in text
    # Two bars below the line; the longer one fills the room.
    (picture,) = re.findall(r'<g class="unannounced">(.*?)</g>', html, re.DOTALL)
    assert [int(one) for one in re.findall(r'height="(\d+)"', picture)] == [44, 17]
    assert "style=" not in html.split("<svg viewBox")[1].split("</svg>")[0]
    card = page(linked, "/settings/connected-apps/")
    assert "7 changes in the last 30 days came without an instant update" in card


def test_what_was_announced_is_counted_as_received(linked: Linked) -> None:
    linked.sweep()
    announce(linked, pay_something_unannounced(linked))
    deliver(event(linked, "PAYMENT", "7f7a0e4a-0b0e-4a59-9a43-5a9d2ad3c1d0"))
    deliver(event(linked, "CONTACT", "7f7a0e4a-0b0e-4a59-9a43-5a9d2ad3c1d1"))
    linked.take_events()
    linked.sweep()

    text = page(linked)

    assert not UnannouncedChange.objects.exists()
    for words in ("Invoices 1 0", "Payments 1 0", "Contacts 1 0", "3 (1 "):
        assert words in text


def test_acting_again_fetches_each_document_once_and_mends_what_is_old_here(
    linked: Linked,
) -> None:
    linked.sweep()
    named = invoice_ids(linked, 30)
    for _ in range(3):
        deliver(*(event(linked, "INVOICE", one) for one in named))
        linked.take_events()
    deliver(*(event(linked, "PAYMENT", one) for one in named[:4]))
    linked.take_events()
    linked.sweep()
    # Something went wrong with what was made of them.
    Document.objects.filter(xero_id__in=named[:5]).delete()
    before = linked.world.calls("/invoices")

    said = act_again(linked)
    linked.take_events()

    assert "94 instant updates were received" in said
    assert "fetched again, each once: 31 in about 5 calls" in said
    assert linked.world.calls("/invoices") - before == 1
    assert Document.objects.filter(xero_id__in=named).count() == len(
        [one for one in named if one in {row["xero_id"] for row in linked.books()["documents"]}]
    )
    linked.sweep()
    assert ours(linked) == theirs(linked)
    line = AuditEvent.objects.get(action="EVENTS_ACTED_ON_AGAIN")
    assert line.actor == linked.manager
    assert "94 received from" in line.detail
    assert "Instant updates fetched again" in page(
        linked, "/settings/connected-apps/xero/activity/"
    )


def test_second_press_finds_that_all_waits_already(linked: Linked) -> None:
    linked.sweep()
    deliver(event(linked, "INVOICE", open_invoice(linked)))
    linked.take_events()

    act_again(linked)
    said = act_again(linked)

    assert WebhookEvent.objects.filter(state=EventState.PENDING).count() == 1
    assert "1 of what they name wait to be fetched already" in said
    assert AuditEvent.objects.filter(action="EVENTS_ACTED_ON_AGAIN").count() == 1
    assert "1 instant update waits to be fetched" in said
    linked.take_events()
    assert not WebhookEvent.objects.filter(state=EventState.PENDING).exists()


def test_what_came_while_nothing_was_connected_is_acted_on_once(linked: Linked) -> None:
    linked.sweep()
    invoice_id = open_invoice(linked)
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=invoice_id)
    Connection.objects.update(state=State.DISCONNECTED_HERE)
    deliver(event(linked, "INVOICE", invoice_id))
    deliveries.unpack(now=clock())
    assert WebhookEvent.objects.get().state == EventState.IGNORED
    Connection.objects.update(state=State.CONNECTED)

    for _ in range(2):
        # It is one event, although it has become the organisation's own.
        assert "1 instant update was received" in act_again(linked)
        linked.take_events()

    assert Document.objects.get(xero_id=invoice_id).status == "PAID"
    assert WebhookEvent.objects.filter(organisation=linked.organisation).count() == 1
    assert WebhookEvent.objects.filter(organisation=None).count() == 1


def test_events_of_another_time_or_portal_are_left_alone(linked: Linked) -> None:
    other = neighbour_of(linked)
    deliver(event(linked, "INVOICE", open_invoice(linked)))
    deliveries.unpack(now=clock())
    WebhookEvent.objects.update(state=EventState.DONE)
    mine = WebhookEvent.objects.get(organisation=linked.organisation)

    assert "No instant update was received" in act_again(
        linked, {"date_from": "2026-01-01", "date_to": "2026-01-02"}
    )
    act_again(linked)

    waiting = WebhookEvent.objects.filter(state=EventState.PENDING)
    assert [one.pk for one in waiting] == [mine.pk]
    assert WebhookEvent.objects.get(organisation=other.organisation).state == EventState.DONE


def test_more_than_a_tenth_of_the_day_is_refused_and_nothing_is_done(
    linked: Linked, settings: Settings
) -> None:
    settings.XERO_DAY_LIMIT = 20
    deliver(*(event(linked, "INVOICE", one) for one in invoice_ids(linked, 100)))
    deliveries.unpack(now=clock())
    WebhookEvent.objects.update(state=EventState.DONE)

    said = act_again(linked)

    assert "That would take 3 calls to Xero, and at most 2 are made" in said
    assert not WebhookEvent.objects.filter(state=EventState.PENDING).exists()
    assert not AuditEvent.objects.filter(action="EVENTS_ACTED_ON_AGAIN").exists()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"date_from": ""}, "Choose the first day"),
        ({"date_from": "2099-01-01", "date_to": "2099-01-02"}, "This moment is in the future"),
        ({"time_to": "noon"}, "Enter a time such as 09:30"),
    ],
)
def test_bad_times_are_answered_at_the_field(
    linked: Linked, fields: dict[str, str], message: str
) -> None:
    answer = builders.client_of(linked.manager).post(AGAIN, lately(linked, **fields))

    assert answer.status_code == 422
    assert message in answer.content.decode()


def test_page_is_for_portal_admins_and_acting_for_those_who_may(linked: Linked) -> None:
    deliver(event(linked, "INVOICE", open_invoice(linked)))
    deliveries.unpack(now=clock())
    WebhookEvent.objects.update(state=EventState.DONE)
    codes: dict[str, Any] = {}
    for who, user in people(linked).items():
        client = builders.client_of(user)
        codes[who] = (client.get(PAGE).status_code, client.get(AGAIN).status_code)
        if who != "manager":
            codes[who] += (client.post(AGAIN, lately(linked)).status_code,)

    assert codes["manager"] == (200, 405)
    assert codes["watcher"][0::2] == (200, 403)
    assert codes["staff"][0::2] == (403, 403)
    assert codes["nobody"][0::2] == (302, 302)
    # A stranger acts on what their own portal has, which is nothing.
    assert codes["stranger"][0] == 200
    assert not WebhookEvent.objects.filter(state=EventState.PENDING).exists()
    watcher = people(linked)["watcher"]
    text = page_reading.text_of(builders.client_of(watcher).get(PAGE).content.decode())
    assert "Only portal admins with an LRM role can do that" in text
