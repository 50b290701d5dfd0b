"""Many events at once: few calls, and nothing missed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django.fixtures import Settings

from invoices.models import Document
from tests.support import simulator_process
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask
from tests.support.webhook_posts import KEYS, deliver, event
from xero_sync.models import EventState, WebhookEvent
from xero_sync.resources import Resource
from xero_sync.webhooks import event_bursts

CATEGORIES = {
    "Invoices": "INVOICE",
    "CreditNotes": "CREDITNOTE",
    "Overpayments": "OVERPAYMENT",
    "Prepayments": "PREPAYMENT",
}


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator with room for a storm."""
    with simulator_process.running("--no-limits", "--documents", "1600") as url:
        yield url


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Sign as the simulator's receiver expects."""
    settings.XERO_WEBHOOK_KEYS = KEYS


def touched(linked: Linked, count: int) -> list[dict[str, Any]]:
    """Touch so many documents in Xero and return their fresh events."""
    ids = set(linked.world.do("touch", tenant=linked.tenant, count=count)["ids"])
    moment = clock().replace(tzinfo=None).isoformat(timespec="milliseconds")
    return [
        event(linked, CATEGORIES[one["kind"]], one["xero_id"], eventDateUtc=moment)
        for one in linked.books()["documents"]
        if one["xero_id"] in ids
    ]


def test_storm_of_a_thousand_events_costs_few_calls_and_misses_nothing(linked: Linked) -> None:
    linked.work(ask(linked))
    named = touched(linked, 1000)
    before = linked.world.calls("/api.xro/")

    deliver(*named)
    linked.take_events()

    assert linked.world.calls("/api.xro/") - before <= 30
    assert WebhookEvent.objects.filter(state=EventState.PENDING).count() == 0
    assert ours(linked) == theirs(linked)


def test_what_the_list_does_not_hold_is_fetched_by_name(linked: Linked) -> None:
    named = touched(linked, 300)
    moment = named[0]["eventDateUtc"]
    quiet = next(
        one
        for one in linked.books()["documents"]
        if one["type"] == "ACCREC" and one["xero_id"] not in {each["resourceId"] for each in named}
    )

    deliver(*named, event(linked, "INVOICE", quiet["xero_id"], eventDateUtc=moment))
    linked.take_events()

    assert Document.objects.filter(xero_id=quiet["xero_id"]).exists()
    assert not WebhookEvent.objects.exclude(state=EventState.DONE).exists()


def make_events(count: int, *, minutes_ago: float | None) -> list[WebhookEvent]:
    """Return events that are not stored."""
    happened_at = None if minutes_ago is None else clock() - timedelta(minutes=minutes_ago)
    return [WebhookEvent(resource_id=uuid4(), happened_at=happened_at) for _ in range(count)]


@pytest.mark.parametrize(
    ("resource", "count", "minutes_ago", "is_one"),
    [
        (Resource.INVOICE, 80, 1, False),
        (Resource.INVOICE, 81, 1, True),
        (Resource.CREDIT_NOTE, 40, 1, False),
        (Resource.CREDIT_NOTE, 41, 1, True),
        (Resource.INVOICE, 500, 20, False),
        (Resource.INVOICE, 500, None, False),
    ],
)
def test_storm_is_many_and_fresh(
    resource: Resource, count: int, minutes_ago: float | None, *, is_one: bool
) -> None:
    named = make_events(count, minutes_ago=minutes_ago)

    assert event_bursts.is_burst(resource, named, now=clock()) is is_one


def test_many_events_on_one_document_are_no_storm() -> None:
    one = UUID("a0000000-0000-4000-8000-000000000001")
    named = [WebhookEvent(resource_id=one, happened_at=clock()) for _ in range(500)]

    assert not event_bursts.is_burst(Resource.INVOICE, named, now=clock())
