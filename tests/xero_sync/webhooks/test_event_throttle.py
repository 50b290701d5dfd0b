"""Events that come one by one for a long time: collected, and none of them lost or late for it."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from tests.support import limiting
from tests.support.linked import Linked, clock
from tests.support.passing import Time
from tests.support.webhook_events import fetch, tell
from tests.support.xero_documents import invoice_ids
from xero_sync.api import call_budget, rate_limiter
from xero_sync.jobs import sweep_schedule
from xero_sync.models import Cursor, EventState, Inbox, WebhookEvent
from xero_sync.resources import Resource
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import event_throttle

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def own_limiter() -> Iterator[None]:
    """The shared limiter takes its limits from the settings of this test, not of the one before."""
    limiting.forget_shared()
    yield
    limiting.forget_shared()


@pytest.mark.parametrize(
    ("minute", "spent", "calls", "remembered", "pauses"),
    [
        # A third of a minute's calls may be made at once.
        (60, None, 1, 1, 0),
        (60, 18, 1, 19, 0),
        (60, 19, 1, 20, 1),
        (60, 19, 2, 21, 2),
        # However much it was, three pauses are enough.
        (60, 19, 40, 22, 3),
        (60, 22, 40, 22, 3),
        # Of next to no calls, one.
        (2, None, 1, 1, 1),
    ],
)
def test_pauses_follow_what_was_spent(
    settings: Settings, minute: int, spent: float | None, calls: int, remembered: int, pauses: int
) -> None:
    settings.XERO_MINUTE_LIMIT = minute
    now, pause = clock(), 5 * SECOND
    inbox = Inbox(spent=spent or 0, spent_at=None if spent is None else now)

    waits = event_throttle.spend(inbox, calls=calls, pause=pause, now=now)

    assert (inbox.spent, inbox.spent_at) == (remembered, now)
    assert waits == pauses * pause


def test_event_a_second_is_collected_and_each_is_fetched_within_seconds(linked: Linked) -> None:
    now = Time()
    delays = {}
    before = linked.world.calls("/api.xro/")

    for second, invoice_id in enumerate(invoice_ids(linked, 90)):
        tell(linked, "INVOICE", invoice_id, now)
        if (delay := fetch(linked, now)) is not None:
            delays[second] = delay
        now.pass_by(1)
    fetch(linked, now)

    assert linked.world.calls("/api.xro/") - before <= 20 + 90 / 5 + 1
    assert not WebhookEvent.objects.exclude(state=EventState.DONE).exists()
    waits = [
        one.settled_at - one.received_at
        for one in WebhookEvent.objects.all()
        if one.settled_at is not None
    ]
    assert max(waits) <= 5 * SECOND
    assert min(delays) >= 19
    assert all(timedelta(0) < delay <= 5 * SECOND for delay in delays.values())


def test_lone_event_is_fetched_at_once_whatever_bulk_work_has_used(linked: Linked) -> None:
    now = Time()

    for invoice_id in invoice_ids(linked, 25):
        sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=now())
        assert sweeper.sweep(organisation_id=linked.organisation.pk, clock=now) is None
        tell(linked, "INVOICE", invoice_id, now)
        assert fetch(linked, now) is None
        assert not WebhookEvent.objects.filter(state=EventState.PENDING).exists()
        now.pass_by(10)


def test_collecting_is_no_failure_and_ends_by_a_message_of_its_own(linked: Linked) -> None:
    now = Time()
    first, second = invoice_ids(linked, 2)
    tell(linked, "INVOICE", first, now)
    Inbox.objects.create(organisation=linked.organisation, spent=20, spent_at=now())

    delay = fetch(linked, now)
    tell(linked, "INVOICE", second, now)
    woken_meanwhile = fetch(linked, now)

    inbox = Inbox.objects.get()
    assert delay is not None
    assert (delay, woken_meanwhile) == (10 * SECOND, None)
    assert (inbox.attempts, inbox.leased_until) == (0, None)
    assert WebhookEvent.objects.filter(state=EventState.PENDING).count() == 1
    now.pass_by(delay.total_seconds())
    fetch(linked, now)
    assert not WebhookEvent.objects.filter(state=EventState.PENDING).exists()


@pytest.mark.parametrize(
    ("day_limit", "left", "seconds"),
    [
        (5000, 2500, 5.0),
        (5000, 2499, 17.28),
        (5000, 999, 69.12),
        (1000, 500, 5.0),
        (1000, 499, 86.4),
        (1000, 199, 345.6),
    ],
)
def test_pause_is_longer_when_the_day_runs_low(
    linked: Linked, settings: Settings, day_limit: int, left: int, seconds: float
) -> None:
    settings.XERO_DAY_LIMIT = day_limit
    tenant_id = linked.organisation.tenant_id
    limiting.Counter(rate_limiter.shared(), tenant_id).call(day=left)

    assert call_budget.of_events(tenant_id=tenant_id).total_seconds() == pytest.approx(seconds)


def test_no_pause_is_made_where_there_are_no_limits(linked: Linked, settings: Settings) -> None:
    settings.XERO_MINUTE_LIMIT = settings.XERO_DAY_LIMIT = 1_000_000

    assert call_budget.of_events(tenant_id=linked.organisation.tenant_id) < timedelta(
        milliseconds=1
    )


def test_payments_one_by_one_cost_four_calls_now_and_four_after_a_while(linked: Linked) -> None:
    linked.sweep()
    linked.take_events()
    now = Time()
    before = linked.world.calls("/api.xro/")

    def made_by_payment() -> int:
        tell(linked, "PAYMENT", str(uuid.uuid4()), now)
        fetch(linked, now)
        assert sweeper.sweep(organisation_id=linked.organisation.pk, clock=now) is None
        now.pass_by(1)
        return linked.world.calls("/api.xro/") - before

    Cursor.objects.update(
        last_swept_at=now() - timedelta(minutes=1), next_due_at=now() + 300 * SECOND
    )

    assert [made_by_payment() for _ in range(20)] == [4] * 20
    assert made_by_payment() == 8
    assert not WebhookEvent.objects.exclude(state=EventState.DONE).exists()


def test_payment_during_a_sweep_is_owed_another(linked: Linked) -> None:
    linked.sweep()
    now = clock()
    Cursor.objects.update(leased_until=now + timedelta(seconds=60), next_due_at=now)

    for later in (0, 1):
        sweep_schedule.make_due_soon(
            organisation_id=linked.organisation.pk,
            now=now + later * SECOND,
            resources=[Resource.INVOICE],
            apart=20 * SECOND,
        )

    due = dict(Cursor.objects.values_list("resource", "next_due_at"))
    assert due.pop("INVOICE") == now + 20 * SECOND
    assert set(due.values()) == {now}
