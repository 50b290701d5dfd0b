"""Sweeps stretch where events tell of every change, as was proved, and shrink at a doubt."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connected_apps.models import Organisation
from tests.support import builders, document_builders
from tests.support.linked import Linked, clock
from tests.support.xero_documents import pay_something_unannounced
from xero_sync import resources
from xero_sync.jobs import sweep_schedule
from xero_sync.models import Cursor, Delivery, UnannouncedChange, WebhookEvent
from xero_sync.resources import Resource
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import channel_health, channel_trust

ALL = set(Resource)


def announce_all(organisation: Organisation | None = None, **given: Any) -> None:
    """Let an event of every category have come, by default for nobody who is connected here."""
    delivery = Delivery.objects.create(received_at=clock(), body=b"", unpacked_at=clock())
    for category in resources.BY_CATEGORY:
        WebhookEvent.objects.create(
            **{
                "delivery": delivery,
                "organisation": organisation,
                "category": category,
                "event_type": "UPDATE",
                "resource_id": uuid.uuid4(),
                "received_at": clock(),
                "state": "DONE",
                **given,
            }
        )


def let_counts_agree(organisation: Organisation) -> None:
    """Let the last daily count have found no difference."""
    cursors = Cursor.objects.filter(organisation=organisation)
    cursors.update(count_in_xero=7, count_here=7, counted_at=clock())


@pytest.fixture
def proven(db: None) -> Organisation:
    """Return an organisation whose events are proved to arrive."""
    organisation = document_builders.make_organisation(builders.make_portal())
    sweep_schedule.begin(organisation_id=organisation.pk, now=clock())
    let_counts_agree(organisation)
    announce_all()
    return organisation


def trusted(organisation: Organisation) -> set[Resource]:
    """Return the kinds that are trusted now."""
    return channel_trust.trusted(organisation_id=organisation.pk, now=clock())


def test_all_kinds_are_trusted_where_all_is_proved(proven: Organisation) -> None:
    assert trusted(proven) == ALL


def doubt_by_day(organisation: Organisation) -> None:
    UnannouncedChange.objects.create(
        organisation=organisation, resource="CONTACT", day=clock().date(), count=1
    )


def doubt_by_silence(organisation: Organisation) -> None:
    WebhookEvent.objects.update(received_at=clock() - timedelta(days=8))


@pytest.mark.parametrize("doubt", [doubt_by_day, doubt_by_silence])
def test_no_kind_is_trusted_after_a_doubt_about_all(
    proven: Organisation, doubt: Callable[[Organisation], None]
) -> None:
    doubt(proven)

    assert trusted(proven) == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"count_here": 6},
        {"count_in_xero": None},
        {"counted_at": None},
        {"counted_at": "two days ago"},
        {"missed_at": "two days ago"},
        {"problem": "Xero rejects it"},
    ],
)
def test_a_kind_is_not_trusted_while_its_own_proof_is_missing(
    proven: Organisation, changes: dict[str, Any]
) -> None:
    days_ago = clock() - timedelta(days=2)
    changes = {name: days_ago if one == "two days ago" else one for name, one in changes.items()}
    Cursor.objects.filter(organisation=proven, resource="INVOICE").update(**changes)

    assert trusted(proven) == ALL - {Resource.INVOICE}


def test_a_kind_is_not_trusted_where_its_events_never_came(proven: Organisation) -> None:
    WebhookEvent.objects.filter(category="INVOICE").delete()

    assert trusted(proven) == ALL - {Resource.INVOICE}


def test_what_another_organisation_missed_is_no_doubt_here(proven: Organisation) -> None:
    other = document_builders.make_organisation(builders.make_portal("Saltbush Skills Institute"))
    doubt_by_day(other)

    assert trusted(proven) == ALL


@pytest.mark.parametrize(("usual", "stretched"), [(280, 560), (300, 600), (400, 600), (900, 900)])
def test_trusted_sweeps_are_twice_as_far_apart_but_ten_minutes_where_that_is_longer(
    proven: Organisation, settings: Settings, usual: int, stretched: int
) -> None:
    settings.XERO_SWEEP_SECONDS = usual
    cursor = Cursor.objects.get(organisation=proven, resource="INVOICE")

    assert channel_health.sweep_interval(cursor) == timedelta(seconds=usual)
    cursor.is_trusted = True
    assert channel_health.sweep_interval(cursor) == timedelta(seconds=stretched)


def test_sweeps_stretch_where_events_are_trusted_and_all_shrink_when_one_was_lost(
    linked: Linked,
) -> None:
    linked.sweep()
    let_counts_agree(linked.organisation)
    announce_all(linked.organisation)
    linked.sweep()
    stretched = waits(linked)
    let_counts_agree(linked.organisation)

    pay_something_unannounced(linked)
    # The loss is found by the sweep of its own kind, with all others far off.
    Cursor.objects.filter(organisation=linked.organisation, resource="INVOICE").update(
        next_due_at=clock()
    )
    sweep_due(linked)
    after_loss = waits(linked)
    sweep_due(linked)
    after_that = waits(linked)

    longest = channel_health.longest_interval()
    assert longest == timedelta(minutes=10)
    assert all(longest - timedelta(minutes=1) < one <= longest for one in stretched.values())
    assert after_loss.pop("INVOICE") <= channel_health.WHILE_UNHEALTHY
    assert all(one <= timedelta(0) for one in after_loss.values())
    assert max(after_that.values()) <= channel_health.usual_interval()


def waits(linked: Linked) -> dict[str, timedelta]:
    """Return how long from now each kind is swept next."""
    now = clock()
    cursors = Cursor.objects.filter(organisation=linked.organisation)
    return {one.resource: one.next_due_at - now for one in cursors}


def sweep_due(linked: Linked) -> None:
    """Sweep what is due."""
    assert sweeper.sweep(organisation_id=linked.organisation.pk, clock=clock) is None
