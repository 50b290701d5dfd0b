"""What Xero announces of one organisation says nothing of another's channel, counts or trust."""

import uuid
from datetime import timedelta

import pytest

from connected_apps.models import Connection, Organisation
from invoices.models import Document
from tests.support import builders, document_builders
from tests.support.linked import clock
from xero_sync.api import responses
from xero_sync.jobs import sweep_schedule
from xero_sync.models import Cursor, Delivery, UnannouncedChange, WebhookEvent
from xero_sync.resources import Resource
from xero_sync.store import upserts
from xero_sync.webhooks import announcements, channel_health, channel_trust

MINUTE = timedelta(minutes=1)


@pytest.fixture
def ours(db: None) -> Organisation:
    return document_builders.make_organisation(builders.make_portal())


@pytest.fixture
def theirs(ours: Organisation) -> Organisation:
    other = builders.make_portal("Saltbush")
    return document_builders.make_organisation(other, name="Saltbush Pty Ltd")


def cursor_of(organisation: Organisation, **given: object) -> Cursor:
    """Return the invoices' cursor of an organisation, changed as given."""
    sweep_schedule.begin(organisation_id=organisation.pk, now=clock())
    found = Cursor.objects.get(organisation=organisation, resource=Resource.INVOICE)
    for name, value in given.items():
        setattr(found, name, value)
    found.save()
    return found


def announce(organisation: Organisation, *, invoice_id: uuid.UUID | None = None) -> None:
    """Let an event of an invoice have come."""
    WebhookEvent.objects.create(
        delivery=Delivery.objects.create(received_at=clock(), body=b"", unpacked_at=clock()),
        organisation=organisation,
        category="INVOICE",
        event_type="UPDATE",
        resource_id=invoice_id or uuid.uuid4(),
        received_at=clock(),
        state="DONE",
    )


def miss(organisation: Organisation) -> None:
    """Let a sweep have found changes of which no event told."""
    UnannouncedChange.objects.create(
        organisation=organisation,
        resource=Resource.INVOICE,
        day=clock().astimezone(organisation.portal.zone).date(),
        count=3,
    )


def test_events_and_misses_of_another_are_not_counted(
    ours: Organisation, theirs: Organisation
) -> None:
    announce(theirs)
    miss(theirs)

    days = announcements.days_of(organisation=ours, now=clock())

    assert sum(day.received_count + day.unannounced_count for day in days) == 0
    assert announcements.unannounced_lately(ours, now=clock()) == 0
    assert announcements.unannounced_lately(theirs, now=clock()) == 3


def test_event_of_another_mends_no_channel(ours: Organisation, theirs: Organisation) -> None:
    cursor = cursor_of(ours, missed_at=clock() - MINUTE)

    announce(theirs)
    assert not channel_health.is_healthy(cursor)

    announce(ours)
    assert channel_health.is_healthy(cursor)


def test_channel_of_another_is_not_told(ours: Organisation, theirs: Organisation) -> None:
    cursor_of(ours)
    cursor_of(theirs, missed_at=clock())

    assert channel_health.unhealthy_in_words(ours.pk) == ""
    assert "invoices" in channel_health.unhealthy_in_words(theirs.pk)


def test_count_that_agrees_elsewhere_is_no_proof_here(
    ours: Organisation, theirs: Organisation
) -> None:
    announce(theirs)
    agrees = {"count_in_xero": 7, "count_here": 7, "counted_at": clock()}
    cursor_of(ours)
    cursor_of(theirs, **agrees)
    assert channel_trust.trusted(organisation_id=ours.pk, now=clock()) == set()

    miss(ours)
    assert channel_trust.trusted(organisation_id=theirs.pk, now=clock()) == {Resource.INVOICE}


def test_change_of_which_an_event_told_another_alone_was_not_announced_here(
    ours: Organisation, theirs: Organisation
) -> None:
    """Both may be the same one in Xero, connected to two portals: each has its own event."""
    now = clock()
    document = document_builders.make_document(ours)
    Document.objects.filter(pk=document.pk).update(updated_at=now - 10 * MINUTE)
    Connection.objects.filter(portal=ours.portal).update(connected_at=now - 60 * MINUTE)
    cursor = cursor_of(ours, swept_through=now - 20 * MINUTE)
    announce(theirs, invoice_id=document.xero_id)

    channel_health.note_sweep(
        connection=Connection.objects.get(portal=ours.portal),
        cursor=cursor,
        page=responses.Page([], 1, 1, 1000, now, None, 0, {}),
        written=upserts.Written(touched_ids=[str(document.xero_id)]),
        now=now,
    )

    cursor.refresh_from_db()
    assert cursor.missed_count == 1
