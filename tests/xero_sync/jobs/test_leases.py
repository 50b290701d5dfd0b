"""Leases: one worker a row, by the clock; whoever lost one changes nothing more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from connected_apps.models import State
from invoices.models import Document
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask
from tests.support.xero_documents import invoice_ids
from xero_sync import signal_handlers
from xero_sync.api import errors
from xero_sync.contacts import push_queue
from xero_sync.jobs import leases
from xero_sync.maintenance import daily_check
from xero_sync.models import (
    ContactPush,
    Cursor,
    DailyCheck,
    EventState,
    Inbox,
    LeasedRow,
    PushState,
    RunState,
    SyncRun,
    WebhookEvent,
)
from xero_sync.runs import run_worker
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import event_processing

LAPSED = leases.LEASE + timedelta(seconds=1)


def lease_of(row: LeasedRow) -> Any:
    """Return until when a row is leased, and how often it failed."""
    found = type(row)._default_manager.values_list("leased_until", "attempts")
    return found.get(pk=row.pk)


@pytest.fixture
def cursor(linked: Linked) -> Cursor:
    """A row of work that is due."""
    return Cursor.objects.get(organisation=linked.organisation, resource="INVOICE")


def taken(cursor: Cursor, *, after: timedelta = timedelta(0)) -> Cursor:
    """Take the row, so long after now."""
    row = leases.take(Cursor, cursor.pk, now=clock() + after)
    assert row is not None
    return row


def test_row_is_taken_by_one_worker_until_the_lease_lapses(cursor: Cursor) -> None:
    taken(cursor)

    assert leases.take(Cursor, cursor.pk, now=clock() + leases.LEASE / 2) is None
    assert leases.take(Cursor, cursor.pk, now=clock() + LAPSED) is not None


def test_row_that_is_not_due_is_not_taken(cursor: Cursor) -> None:
    Cursor.objects.update(next_due_at=clock() + timedelta(minutes=1))

    assert leases.take(Cursor, cursor.pk, now=clock()) is None


def test_lease_that_is_renewed_lasts_from_then_on(cursor: Cursor) -> None:
    row = taken(cursor)

    leases.renew(row, now=clock() + leases.LEASE / 2)

    assert leases.take(Cursor, cursor.pk, now=clock() + LAPSED) is None
    leases.release(row)
    assert leases.take(Cursor, cursor.pk, now=clock()) is not None


@pytest.mark.parametrize(
    "write", [lambda row: leases.renew(row, now=clock(), next_page=7), leases.release]
)
def test_whoever_lost_the_lease_writes_nothing(
    cursor: Cursor, write: Callable[[Cursor], None]
) -> None:
    first = taken(cursor)
    second = taken(cursor, after=LAPSED)
    before = Cursor.objects.values().get(pk=cursor.pk)

    with pytest.raises(leases.LeaseLost):
        write(first)

    assert Cursor.objects.values().get(pk=cursor.pk) == before
    leases.release(second)


def test_lease_that_lapsed_and_that_nobody_took_is_still_renewed(cursor: Cursor) -> None:
    row = taken(cursor)

    leases.renew(row, now=clock() + LAPSED)

    assert lease_of(row)[0] > clock() + LAPSED


def test_renewal_that_was_rolled_back_loses_no_lease(cursor: Cursor) -> None:
    row = taken(cursor)
    for _ in range(2):
        with transaction.atomic():
            leases.renew(row, now=clock())
            leases.renew(row, now=clock())
            transaction.set_rollback(True)

    leases.renew(row, now=clock(), next_page=3)

    assert Cursor.objects.get(pk=cursor.pk).next_page == 3
    assert len(row.lease_ends) == 1


def test_row_is_put_off_with_a_time_and_words(linked: Linked, cursor: Cursor) -> None:
    row = taken(cursor)

    with leases.working_on(row, organisation_id=linked.organisation.pk, clock=clock) as turn:
        raise errors.Unavailable("Xero is away.", retry_after=40)

    cursor.refresh_from_db()
    assert turn.delay == timedelta(seconds=40)
    assert timedelta(seconds=38) < cursor.next_due_at - clock() <= timedelta(seconds=40)
    assert "Xero is not answering" in cursor.problem
    assert lease_of(cursor) == (None, 1)


def test_each_failure_in_a_row_makes_the_wait_longer(linked: Linked, cursor: Cursor) -> None:
    delays: list[timedelta | None] = []
    for _ in range(4):
        Cursor.objects.update(next_due_at=clock())
        with leases.working_on(
            taken(cursor), organisation_id=linked.organisation.pk, clock=clock
        ) as turn:
            raise errors.Unavailable("Xero is away.")
        delays.append(turn.delay)

    assert delays == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]


def test_caller_may_have_it_put_off_for_longer(linked: Linked, cursor: Cursor) -> None:
    with leases.working_on(
        taken(cursor),
        organisation_id=linked.organisation.pk,
        clock=clock,
        no_sooner=lambda error: timedelta(minutes=5),
    ) as turn:
        raise errors.Unavailable("Xero is away.")

    assert turn.delay == timedelta(minutes=5)


def test_day_that_is_used_up_pauses_the_connection(linked: Linked, cursor: Cursor) -> None:
    row = taken(cursor)

    with leases.working_on(row, organisation_id=linked.organisation.pk, clock=clock):
        raise errors.RateLimited("Enough.", kind="day", retry_after=7200, status=429)

    linked.connection.refresh_from_db()
    assert linked.connection.state == State.PAUSED
    cursor.refresh_from_db()
    assert cursor.next_due_at > clock() + timedelta(minutes=119)


def test_row_that_was_lost_is_neither_put_off_nor_released(linked: Linked, cursor: Cursor) -> None:
    first = taken(cursor)
    second = taken(cursor, after=LAPSED)

    with leases.working_on(first, organisation_id=linked.organisation.pk, clock=clock) as turn:
        leases.renew(first, now=clock())
    with leases.working_on(first, organisation_id=linked.organisation.pk, clock=clock) as failed:
        raise errors.Unavailable("Xero is away.")
    with leases.working_on(first, organisation_id=linked.organisation.pk, clock=clock):
        pass

    assert (turn.went_well, failed.went_well, failed.delay) == (False, False, None)
    assert lease_of(cursor)[0] == second.lease_ends[0]


def test_many_rows_are_taken_together_and_no_row_twice(linked: Linked) -> None:
    for number in range(5):
        save(linked, number=f"L90000{number}")
    waiting = ContactPush.objects.order_by("id")

    first = leases.take_many(waiting, most=3, now=clock())
    second = leases.take_many(waiting, most=3, now=clock())

    assert (len(first), len(second)) == (3, 2)
    assert not {push.pk for push in first} & {push.pk for push in second}
    assert len(leases.take_many(waiting, most=9, now=clock() + LAPSED)) == 5


def test_of_many_rows_those_that_are_left_come_free_when_one_is_lost(linked: Linked) -> None:
    for number in range(3):
        save(linked, number=f"L90000{number}")
    batch = leases.take_many(ContactPush.objects.order_by("id"), most=3, now=clock())
    ContactPush.objects.filter(pk=batch[0].pk).update(leased_until=None)

    with (
        leases.working_on(*batch, organisation_id=linked.organisation.pk, clock=clock) as turn,
        transaction.atomic(),
    ):
        leases.renew(*batch, now=clock())

    assert not turn.went_well
    assert not ContactPush.objects.exclude(leased_until=None).exists()


class Takeover:
    """A clock; once `is_time`, another worker has taken the row, whose lease has lapsed by then."""

    def __init__(self, row: LeasedRow, is_time: Callable[[], bool]) -> None:
        self._row, self._is_time = row, is_time
        self.second: LeasedRow | None = None

    def __call__(self) -> datetime:
        """Tell the time."""
        if self.second is None and self._is_time():
            # In a thread, and so outside of any transaction of the first worker's.
            with ThreadPoolExecutor(1) as worker:
                self.second = worker.submit(self._take).result()
            assert self.second is not None
        return clock()

    def _take(self) -> LeasedRow | None:
        try:
            return leases.take(type(self._row), self._row.pk, now=clock() + LAPSED)
        finally:
            connection.close()

    def assert_undisturbed(self) -> None:
        """The second worker has the row as it took it."""
        assert self.second is not None
        assert lease_of(self._row) == (self.second.lease_ends[0], 0)


def test_page_of_a_run_that_another_worker_took_is_rolled_back(linked: Linked) -> None:
    run = ask(linked)
    first = Takeover(run, lambda: SyncRun.objects.get(pk=run.pk).state == RunState.RUNNING)

    assert run_worker.work_on(run_id=run.pk, clock=first) is None

    first.assert_undisturbed()
    run.refresh_from_db()
    assert (run.state, run.reason, run.not_before) == (RunState.RUNNING, "", None)
    assert not Document.objects.exists()
    assert not run.steps.exclude(next_page=1).exists()
    SyncRun.objects.filter(pk=run.pk).update(leased_until=None)
    assert linked.work(run).state == RunState.DONE
    assert ours(linked) == theirs(linked)


def test_run_that_fails_once_another_worker_took_it_is_not_put_off(linked: Linked) -> None:
    run = ask(linked)
    linked.world.fail("/api.xro/", times=-1, status=503)
    first = Takeover(run, lambda: SyncRun.objects.get(pk=run.pk).state == RunState.RUNNING)

    assert run_worker.work_on(run_id=run.pk, clock=first) is None

    first.assert_undisturbed()
    run.refresh_from_db()
    assert (run.state, run.not_before) == (RunState.RUNNING, None)


def test_page_of_a_sweep_that_another_worker_took_is_rolled_back(linked: Linked) -> None:
    cursor = Cursor.objects.get(organisation=linked.organisation, resource="INVOICE")
    Cursor.objects.exclude(pk=cursor.pk).update(next_due_at=clock() + timedelta(hours=1))
    first = Takeover(cursor, lambda: lease_of(cursor)[0] is not None)

    assert sweeper.sweep(organisation_id=linked.organisation.pk, clock=first) is None

    first.assert_undisturbed()
    assert not Document.objects.exists()


def test_events_that_another_worker_took_are_not_settled_by_the_first(linked: Linked) -> None:
    inbox = Inbox.objects.create(organisation=linked.organisation)
    (invoice_id,) = invoice_ids(linked, 1)
    WebhookEvent.objects.create(
        organisation=linked.organisation,
        category="INVOICE",
        event_type="UPDATE",
        resource_id=invoice_id,
        received_at=clock(),
        happened_at=clock(),
    )
    first = Takeover(inbox, lambda: lease_of(inbox)[0] is not None)

    delay = event_processing.fetch_pending(organisation_id=linked.organisation.pk, clock=first)

    assert delay is None
    first.assert_undisturbed()
    assert WebhookEvent.objects.get().state == EventState.PENDING
    assert not Document.objects.exists()


def test_learner_whom_another_worker_took_is_sent_by_that_one_alone(linked: Linked) -> None:
    save(linked)
    push = ContactPush.objects.get()
    first = Takeover(push, lambda: lease_of(push)[0] is not None)

    assert push_queue.push_waiting(portal_id=linked.portal.pk, clock=first) is None

    first.assert_undisturbed()
    assert contacts_numbered(linked, "L900001") == []
    ContactPush.objects.update(leased_until=None)
    linked.push()
    assert ContactPush.objects.get().state == PushState.DONE
    assert len(contacts_numbered(linked, "L900001")) == 1


def test_daily_check_is_done_by_one_of_many_workers(linked: Linked) -> None:
    linked.sweep()
    Cursor.objects.exclude(count_due_at=None).update(count_due_at=clock())
    before = linked.world.calls("/api.xro/")

    def check(_: int) -> list[int]:
        try:
            return daily_check.check(organisation_id=linked.organisation.pk, clock=clock)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as workers:
        assert list(workers.map(check, range(3))) == [[], [], []]

    # Three for each kind of document, one for contacts, one for the organisation's details.
    assert linked.world.calls("/api.xro/") - before == 14
    assert lease_of(DailyCheck.objects.get()) == (None, 0)


def test_daily_check_of_a_killed_worker_is_taken_up(linked: Linked) -> None:
    linked.sweep()
    Cursor.objects.exclude(count_due_at=None).update(count_due_at=clock())
    daily = DailyCheck.objects.create(
        organisation=linked.organisation, leased_until=clock() + timedelta(seconds=30)
    )
    assert daily_check.waiting_organisations(now=clock()) == []
    DailyCheck.objects.update(leased_until=clock() - timedelta(seconds=1))

    assert daily_check.waiting_organisations(now=clock()) == [linked.organisation.pk]
    daily_check.check(organisation_id=linked.organisation.pk, clock=clock)

    assert daily_check.waiting_organisations(now=clock()) == []
    assert lease_of(daily) == (None, 0)
    assert not Cursor.objects.exclude(resource="CONTACT").filter(counted_at=None).exists()


def test_daily_check_that_fails_comes_again_in_minutes(linked: Linked) -> None:
    linked.sweep()
    Cursor.objects.exclude(count_due_at=None).update(count_due_at=clock())
    linked.world.fail("/api.xro/", times=-1, status=503)

    assert daily_check.check(organisation_id=linked.organisation.pk, clock=clock) == []

    daily = DailyCheck.objects.get()
    assert lease_of(daily) == (None, 1)
    assert daily_check.waiting_organisations(now=clock() + timedelta(minutes=4)) == []
    later = clock() + timedelta(minutes=6)
    assert daily_check.waiting_organisations(now=later) == [linked.organisation.pk]


def test_connection_made_anew_takes_all_leases_away(linked: Linked) -> None:
    run, inbox = ask(linked), Inbox.objects.create(organisation=linked.organisation)
    save(linked)
    cursor = Cursor.objects.get(organisation=linked.organisation, resource="INVOICE")
    rows: list[LeasedRow] = [run, inbox, cursor, ContactPush.objects.get()]
    first = [leases.take(type(row), row.pk, now=clock()) for row in rows]

    signal_handlers.on_connected(connection=linked.connection, same_organisation=True)

    for row in first:
        assert row is not None
        with pytest.raises(leases.LeaseLost):
            leases.renew(row, now=clock())
        assert leases.take(type(row), row.pk, now=clock()) is not None
