"""Resources that a sweep finds unchanged are given back together; each of the others by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db.models import QuerySet

from tests.support.linked import Linked, clock
from xero_sync.jobs import leases, sweep_schedule
from xero_sync.models import Cursor
from xero_sync.resources import Resource
from xero_sync.sweeps import sweeper


class Interrupted:
    """A clock that does something once, as the worker looks at it so late in its turn."""

    def __init__(self, act: Callable[[datetime], object], *, when: Callable[[], bool]) -> None:
        self._act, self._when = act, when
        self.has_acted = False

    def __call__(self) -> datetime:
        """Tell the time."""
        now = clock()
        if not self.has_acted and self._when():
            self.has_acted = True
            self._act(now)
        return now


@pytest.fixture
def swept(linked: Linked) -> Linked:
    """Return a portal whose resources are all in step, and all due."""
    linked.sweep()
    # What it wrote itself is in the overlap, so one that finds nothing comes later.
    linked.world.do("clock", advance_seconds=900)
    make_due(linked)
    return linked


def make_due(linked: Linked) -> None:
    """Let all resources be due."""
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=clock())


def cursors(linked: Linked) -> QuerySet[Cursor]:
    """Return how far each has come."""
    return Cursor.objects.filter(organisation=linked.organisation)


def sweep(linked: Linked, at: leases.Clock = clock) -> timedelta | None:
    """Take a worker's turn."""
    return sweeper.sweep(organisation_id=linked.organisation.pk, clock=at)


def once_called(linked: Linked, path: str) -> Callable[[], bool]:
    """Return what tells whether a list was asked for since now."""
    before = linked.world.calls(path)
    return lambda: linked.world.calls(path) > before


def refuse(linked: Linked, path: str) -> None:
    """Let Xero fail whenever a list is asked for."""
    answer = {"status": 503, "body": ""}
    linked.world.do("faults", match={"path": path}, times=-1, answer=answer)


def calls_of(linked: Linked) -> int:
    """Return how many calls Xero has had."""
    return sum("/api.xro/" in one["path"] for one in linked.world.show("calls"))


def test_all_are_swept_by_a_call_each_and_free_afterwards(swept: Linked) -> None:
    before = {one.resource: one for one in cursors(swept)}
    calls, began = calls_of(swept), clock()

    assert sweep(swept) is None

    assert calls_of(swept) == calls + 5
    for cursor in cursors(swept):
        reached, known = cursor.swept_through, before[cursor.resource].swept_through
        assert reached is not None
        assert known is not None
        assert reached > known + timedelta(minutes=14), cursor
        assert cursor.last_swept_at is not None
        assert cursor.last_swept_at >= began
        assert cursor.next_due_at > clock()
        assert (cursor.leased_until, cursor.attempts, cursor.problem) == (None, 0, "")


def test_nothing_is_known_of_what_comes_after_the_first_call(swept: Linked) -> None:
    def let_time_pass(_: datetime) -> None:
        swept.world.do("clock", advance_seconds=60)

    contacts_read_at = swept.world.show("clock")["now"]
    sweep(swept, Interrupted(let_time_pass, when=once_called(swept, "/contacts")))

    # A slow turn: what changed in its minute is in the span of the next.
    latest = datetime.fromisoformat(contacts_read_at) + timedelta(seconds=30)
    assert all(one.swept_through and one.swept_through < latest for one in cursors(swept))


def test_one_that_is_asked_for_meanwhile_is_still_owed(swept: Linked) -> None:
    asked = Interrupted(
        lambda now: sweep_schedule.make_due(
            organisation_id=swept.organisation.pk, now=now, resources=[Resource.INVOICE]
        ),
        when=once_called(swept, "/prepayments"),
    )

    sweep(swept, asked)

    assert asked.has_acted
    due = cursors(swept).filter(next_due_at__lte=clock())
    assert [one.resource for one in due] == ["INVOICE"]


def test_one_that_fails_is_put_off_and_those_before_it_are_done(swept: Linked) -> None:
    refuse(swept, "/CreditNotes")

    assert sweep(swept) is not None

    found = {one.resource: one for one in cursors(swept)}
    assert found["CREDIT_NOTE"].problem
    assert found["CREDIT_NOTE"].attempts == 1
    assert all(found[one].next_due_at > clock() for one in ("CONTACT", "INVOICE", "CREDIT_NOTE"))
    # Those after it wait for a worker, and for no lease to lapse.
    for kind in ("OVERPAYMENT", "PREPAYMENT"):
        assert found[kind].next_due_at <= clock()
    assert not cursors(swept).exclude(leased_until=None).exists()


def test_nobody_sweeps_what_a_worker_has_taken(swept: Linked) -> None:
    others: list[int] = []

    def come_too(_: datetime) -> None:
        before = calls_of(swept)
        sweep(swept)
        others.append(calls_of(swept) - before)

    sweep(swept, Interrupted(come_too, when=once_called(swept, "/creditnotes")))

    assert others == [0]


def test_one_whose_lease_was_taken_away_is_not_written(swept: Linked) -> None:
    taken_away = Interrupted(
        lambda _: cursors(swept).filter(resource="INVOICE").update(leased_until=None),
        when=once_called(swept, "/prepayments"),
    )
    before = cursors(swept).get(resource="INVOICE")

    sweep(swept, taken_away)

    assert taken_away.has_acted
    after = cursors(swept).get(resource="INVOICE")
    assert (after.swept_through, after.last_swept_at, after.next_due_at) == (
        before.swept_through,
        before.last_swept_at,
        before.next_due_at,
    )
    assert not cursors(swept).exclude(resource="INVOICE").filter(next_due_at__lte=clock()).exists()


def test_one_that_another_took_when_its_lease_had_lapsed_is_left_to_them(swept: Linked) -> None:
    ends = clock() + 2 * leases.LEASE
    other: list[Cursor] = []

    def take_the_last(_: datetime) -> None:
        last = cursors(swept).get(resource="PREPAYMENT")
        other.extend(filter(None, [leases.take(Cursor, last.pk, now=ends)]))

    late = Interrupted(take_the_last, when=once_called(swept, "/overpayments"))
    calls = swept.world.calls("/prepayments")

    sweep(swept, lambda: late() + (2 * leases.LEASE if late.has_acted else timedelta(0)))

    assert len(other) == 1
    assert swept.world.calls("/prepayments") == calls
    leases.release(other[0])
