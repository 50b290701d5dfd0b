"""How fast a run reads and how long it will take: measured while it reads, and said only then."""

from datetime import timedelta

import pytest

from tests.support.linked import Linked, clock
from tests.support.resyncs import ask, end_first, request
from tests.support.run_progress import NOW, read_on, take_up
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import resumption, run_progress, run_requests

NIGHT = timedelta(hours=18)


def test_rate_and_time_left_are_those_of_what_is_being_read(linked: Linked) -> None:
    run = take_up(ask(linked), now=NOW)
    read_on(run, 25, of=100, now=NOW + timedelta(seconds=10))

    progress = run_progress.progress_of(run, now=NOW + timedelta(seconds=10))

    assert progress.percent == 25
    assert progress.per_second == pytest.approx(2.5)
    assert progress.left == timedelta(seconds=30)


def test_pause_of_a_night_is_no_part_of_the_rate(linked: Linked) -> None:
    run = take_up(ask(linked), now=NOW)
    read_on(run, 3120, of=8000, now=NOW + timedelta(seconds=60))
    SyncRun.objects.update(state=RunState.PAUSED)

    take_up(run, now=NOW + NIGHT)
    read_on(run, 3170, of=8000, now=NOW + NIGHT + timedelta(seconds=1))
    progress = run_progress.progress_of(run, now=NOW + NIGHT + timedelta(seconds=1))

    assert progress.per_second == pytest.approx(50)
    assert progress.left == timedelta(seconds=(8000 - 3170) / 50)


def test_waits_for_the_limit_of_a_minute_are_part_of_the_rate(linked: Linked) -> None:
    """They come every minute: what is left takes as many of them as it will."""
    run = take_up(ask(linked), now=NOW)
    read_on(run, 1000, of=8000, now=NOW + timedelta(seconds=20))
    SyncRun.objects.update(state=RunState.PAUSED)

    take_up(run, now=NOW + timedelta(seconds=60))
    read_on(run, 2000, of=8000, now=NOW + timedelta(seconds=80))
    progress = run_progress.progress_of(run, now=NOW + timedelta(seconds=80))

    assert progress.per_second == pytest.approx(25)


def test_run_that_was_cancelled_and_resumed_is_measured_anew(linked: Linked) -> None:
    end_first(linked)
    run = take_up(request(linked, "2025-01-01", "2026-03-31"), now=NOW)
    read_on(run, 500, of=1000, now=NOW + timedelta(seconds=10))
    run_requests.cancel(run=run, by=linked.manager, now=NOW + timedelta(seconds=10))
    run.refresh_from_db()
    resumption.resume(run=run, by=linked.manager, now=NOW + NIGHT)

    take_up(run, now=NOW + NIGHT)
    read_on(run, 600, of=1000, now=NOW + NIGHT + timedelta(seconds=2))
    progress = run_progress.progress_of(run, now=NOW + NIGHT + timedelta(seconds=2))

    assert progress.per_second == pytest.approx(50)
    assert progress.left == timedelta(seconds=8)


def test_kind_that_is_read_once_more_begins_a_new_measure(linked: Linked) -> None:
    """What is sent back counts from nothing again."""
    run = take_up(ask(linked), now=NOW)
    read_on(run, 1000, of=1000, now=NOW + timedelta(seconds=10))
    take_up(run, now=NOW + timedelta(seconds=11), state=RunState.VERIFYING)
    read_on(run, 0, of=1000, now=NOW + timedelta(seconds=12))

    take_up(run, now=NOW + timedelta(seconds=12))
    read_on(run, 100, of=1000, now=NOW + timedelta(seconds=14))
    progress = run_progress.progress_of(run, now=NOW + timedelta(seconds=14))

    assert progress.per_second == pytest.approx(50)


@pytest.mark.parametrize(
    "state",
    [state for state in RunState if state != RunState.RUNNING],
)
def test_nothing_is_said_of_a_rate_while_nothing_is_read(linked: Linked, state: RunState) -> None:
    run = take_up(ask(linked), now=NOW)
    read_on(run, 500, of=1000, now=NOW + timedelta(seconds=10))
    run.state = state

    progress = run_progress.progress_of(run, now=NOW + timedelta(seconds=20))

    assert (progress.per_second, progress.left) == (None, None)


def test_run_that_nobody_hears_of_has_no_rate(linked: Linked) -> None:
    run = take_up(ask(linked), now=NOW)
    read_on(run, 500, of=1000, now=NOW + timedelta(seconds=10))

    progress = run_progress.progress_of(run, now=NOW + timedelta(minutes=4))

    assert (progress.per_second, progress.left) == (None, None)


def test_worker_measures_the_pace_of_a_real_run(linked: Linked) -> None:
    linked.world.fail("/CreditNotes", status=500)
    run = linked.work(ask(linked))
    assert (run.state, run.read_before_pace) == (RunState.PAUSED, 0)
    read = run_progress.progress_of(run).read

    # It comes back much later.
    SyncRun.objects.update(not_before=None, heard_at=clock() - NIGHT, pace_since=clock() - NIGHT)
    linked.work(run)

    assert (run.state, run.read_before_pace) == (RunState.DONE, read)
    assert run.pace_since is not None
    assert clock() - run.pace_since < NIGHT
