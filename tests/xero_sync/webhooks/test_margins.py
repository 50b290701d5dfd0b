"""What lies at the edge: changes that are seen late, and events that may still be on their way."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from invoices.models import Contact, Document
from tests.support import webhook_events
from tests.support.linked import Linked, clock
from tests.support.passing import Time
from tests.support.xero_documents import act, invoices
from xero_sync.api import client, responses, sessions
from xero_sync.api.rate_limiter import Lane
from xero_sync.models import Cursor, Delivery, EventState, WebhookEvent
from xero_sync.resources import Resource

MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)


def xeros_now(linked: Linked) -> datetime:
    """Read Xero's clock."""
    return datetime.fromisoformat(linked.world.show("clock")["now"])


def pass_minutes(linked: Linked, minutes: float) -> None:
    """Let time pass in Xero."""
    linked.world.do("clock", advance_seconds=60 * minutes)


def test_sweep_looks_back_over_what_showed_late(linked: Linked) -> None:
    """Xero may let a change be seen some minutes after the moment that it bears."""
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    pass_minutes(linked, 10)
    one = invoices(linked)[0]
    act(linked, "set_reference", one, reference="Seen late")
    # The sweep before this one had come to here, and had not seen it yet.
    reached = xeros_now(linked) + 4 * MINUTE
    Cursor.objects.filter(resource="INVOICE").update(swept_through=reached)
    pass_minutes(linked, 5)

    linked.sweep()

    assert Document.objects.get(xero_id=one["xero_id"]).reference == "Seen late"


def test_change_whose_event_may_still_be_under_way_is_not_missed(linked: Linked) -> None:
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    pass_minutes(linked, 10)
    one, two = invoices(linked)[:2]
    act(linked, "set_reference", one, reference="Long ago")
    pass_minutes(linked, 1)
    act(linked, "set_reference", two, reference="Just now")
    pass_minutes(linked, 1.5)

    linked.sweep()

    assert Document.objects.get(xero_id=two["xero_id"]).reference == "Just now"
    assert Cursor.objects.get(resource="INVOICE").missed_count == 1


def test_contact_that_the_very_first_sweep_brings_is_not_missed(linked: Linked) -> None:
    """What nobody has read yet cannot have been read late."""
    linked.world.do("webhooks", enabled=False)
    pass_minutes(linked, 10)
    made = linked.world.do("contacts", tenant=linked.tenant, act="create", name="Ola Made-Up")
    pass_minutes(linked, 5)

    linked.sweep()

    assert Contact.objects.filter(xero_id=made["id"]).exists()
    assert Cursor.objects.get(resource="CONTACT").missed_at is None


@pytest.mark.parametrize(
    ("told", "missed"), [(0 * MINUTE, 0), (-2 * MINUTE, 0), (-2 * MINUTE - MICROSECOND, 1)]
)
def test_change_of_which_an_event_came_is_not_missed_though_a_sweep_brings_it(
    linked: Linked, told: timedelta, missed: int
) -> None:
    """The moment of an event is not quite its change's; one of long before tells of another."""
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    pass_minutes(linked, 10)
    row = invoices(linked)[0]
    act(linked, "set_reference", row, reference="Announced")
    changed = next(one for one in invoices(linked) if one["xero_id"] == row["xero_id"])
    WebhookEvent.objects.create(
        delivery=Delivery.objects.create(received_at=clock(), body=b"", unpacked_at=clock()),
        organisation=linked.organisation,
        category="INVOICE",
        event_type="UPDATE",
        resource_id=row["xero_id"],
        happened_at=datetime.fromisoformat(changed["updated_utc"]) + told,
        received_at=clock(),
    )
    pass_minutes(linked, 5)

    linked.sweep()

    assert Document.objects.get(xero_id=row["xero_id"]).reference == "Announced"
    assert Cursor.objects.get(resource="INVOICE").missed_count == missed


def test_change_of_the_moments_after_connecting_is_not_missed(linked: Linked) -> None:
    """Nobody was told of it, as the connection was not there yet when it happened."""
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    one = invoices(linked)[0]
    act(linked, "set_reference", one, reference="At once")
    pass_minutes(linked, 10)

    linked.sweep()

    assert Document.objects.get(xero_id=one["xero_id"]).reference == "At once"
    assert Cursor.objects.get(resource="INVOICE").missed_at is None


def test_burst_is_listed_from_before_its_first_event(linked: Linked) -> None:
    """An event bears another moment than its document, and a list looks at whole seconds."""
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    pass_minutes(linked, 10)
    touched = set(linked.world.do("touch", tenant=linked.tenant, count=300)["ids"])
    ids = [one["xero_id"] for one in invoices(linked) if one["xero_id"] in touched][:85]
    assert len(ids) == 85
    now = Time()
    later = xeros_now(linked) + timedelta(seconds=20)
    WebhookEvent.objects.bulk_create(
        WebhookEvent(
            organisation=linked.organisation,
            category="INVOICE",
            resource_id=each,
            received_at=now(),
            happened_at=later,
        )
        for each in ids
    )
    before = linked.world.calls("/api.xro/")

    webhook_events.fetch(linked, now)

    assert not WebhookEvent.objects.exclude(state=EventState.DONE).exists()
    assert linked.world.calls("/api.xro/") - before == 1


def test_single_document_tells_four_decimals_as_a_list_does(linked: Linked) -> None:
    contact = linked.books()["contacts"][0]["contact_id"]
    line = {"description": "By the hour", "unit_amount": "33.3333", "quantity": "3"}
    made = linked.world.do(
        "documents", tenant=linked.tenant, act="raise", contact_id=contact, lines=[line]
    )
    session = sessions.of(linked.connection, lane=Lane.PEOPLE)
    ids = client.batches(Resource.INVOICE, [UUID(made["id"])])[0]

    alone, listed = session.get_one(Resource.INVOICE, ids[0]), session.by_ids(Resource.INVOICE, ids)

    assert _unit_amounts(alone) == _unit_amounts(listed) == ["33.3333"]


def _unit_amounts(page: responses.Page) -> list[str]:
    return [str(line["UnitAmount"]) for one in page.elements for line in one["LineItems"]]
