"""A turn renews its lease with whatever it does, however slowly: nobody may take its row meanwhile.

Each turn runs on a clock that moves every time it is read, by less than a lease lasts; all in all
it takes longer than several of them. It moves so far that one renewal left out is noticed.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from invoices.models import Document
from tests.support.learners import identity_of, save
from tests.support.linked import Linked, clock
from tests.support.resyncs import ask, end_first
from tests.support.staff import somebodys
from tests.support.xero_documents import invoice_ids
from xero_sync.contacts import learner_refreshes, push_queue
from xero_sync.jobs import leases, sweep_schedule
from xero_sync.maintenance import contact_balances, daily_check, full_readings
from xero_sync.models import (
    BalanceCheck,
    ContactPush,
    Cursor,
    DailyCheck,
    FullReading,
    Inbox,
    LearnerRefresh,
    LeasedRow,
    PushState,
    RunState,
    SyncRun,
    WebhookEvent,
)
from xero_sync.runs import run_worker
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import event_processing


class SlowClock:
    """Moves by a part of a lease each time, and sees that what was leased is leased still."""

    def __init__(self, model: type[LeasedRow], *, parts: int = 8, **which: Any) -> None:
        self._step = leases.LEASE / parts
        self.now = clock() + timedelta(days=2)
        self._rows = model._default_manager.filter(**which)
        self._is_leased = False
        self.began = self.now

    def __call__(self) -> datetime:
        """Tell the time."""
        self.now += self._step
        ends = self._rows.values_list("leased_until", flat=True).first()
        if ends is not None:
            self._is_leased = True
            assert ends >= self.now, "Another worker could have taken it by now"
        return self.now

    @property
    def leases_long(self) -> float:
        """Return how many leases the turn took."""
        assert self._is_leased, "It was never leased"
        return (self.now - self.began) / leases.LEASE


def sweep(linked: Linked) -> SlowClock:
    slow = SlowClock(Cursor, organisation=linked.organisation, resource="INVOICE")
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=clock())
    Cursor.objects.filter(resource="INVOICE").update(swept_through=None)
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=slow)
    return slow


def take_events(linked: Linked) -> SlowClock:
    WebhookEvent.objects.bulk_create(
        WebhookEvent(
            organisation=linked.organisation,
            category="INVOICE",
            resource_id=each,
            received_at=clock(),
        )
        for each in invoice_ids(linked, 85)
    )
    slow = SlowClock(Inbox, organisation=linked.organisation)
    event_processing.fetch_pending(organisation_id=linked.organisation.pk, clock=slow)
    return slow


def check(linked: Linked) -> SlowClock:
    slow = SlowClock(DailyCheck, organisation=linked.organisation)
    daily_check.check(organisation_id=linked.organisation.pk, clock=slow)
    return slow


def compare(linked: Linked) -> SlowClock:
    """All balances differ, so the documents of all contacts are read anew."""
    Document.objects.filter(organisation=linked.organisation).update(amount_due=F("amount_due") + 7)
    contact_balances.begin(organisation_id=linked.organisation.pk, now=clock())
    slow = SlowClock(BalanceCheck, parts=4, organisation=linked.organisation)
    contact_balances.compare(organisation_id=linked.organisation.pk, clock=slow)
    return slow


def reread(linked: Linked) -> SlowClock:
    full_readings.begin(organisation_id=linked.organisation.pk, now=clock())
    slow = SlowClock(FullReading, parts=3, organisation=linked.organisation)
    full_readings.read(organisation_id=linked.organisation.pk, clock=slow)
    return slow


def work(linked: Linked) -> SlowClock:
    """A re-sync in many turns, each of which is over after a third of a lease."""
    run = ask(linked)
    slow = SlowClock(SyncRun, pk=run.pk)
    while run_worker.work_on(run_id=run.pk, clock=slow) is not None:
        pass
    assert SyncRun.objects.get(pk=run.pk).state == RunState.DONE
    return slow


def push(linked: Linked) -> SlowClock:
    save(linked)
    slow = SlowClock(ContactPush, learner__number="L900001")
    push_queue.push_waiting(portal_id=linked.portal.pk, clock=slow)
    assert ContactPush.objects.get(learner__number="L900001").state == PushState.DONE
    return slow


def refresh(linked: Linked) -> SlowClock:
    somebody, _ = somebodys(linked)
    learner = save(linked, **identity_of(somebody), sync_to_xero=False)
    learner_refreshes.request(
        learner=learner, organisation=linked.organisation, by=linked.manager, now=clock()
    )
    slow = SlowClock(LearnerRefresh, learner=learner)
    learner_refreshes.work_on(refresh_id=LearnerRefresh.objects.get(learner=learner).pk, clock=slow)
    assert LearnerRefresh.objects.get(learner=learner).finished_at is not None
    return slow


@pytest.fixture
def simulator_url(small_pages_url: str) -> str:
    """Have lists of several pages."""
    return small_pages_url


@pytest.mark.parametrize(
    ("turn", "at_least"),
    [
        (sweep, 3),
        (take_events, 1.5),
        (check, 1.5),
        (compare, 0.5),
        (reread, 1),
        (work, 4),
        (push, 0.5),
        (refresh, 1),
    ],
)
def test_lease_lasts_for_as_long_as_the_turn_gets_on(
    linked: Linked, turn: Callable[[Linked], SlowClock], at_least: float
) -> None:
    linked.sweep()
    end_first(linked)

    assert turn(linked).leases_long > at_least
