"""Doing a sync run, a turn at a time: walk, verify, end. Killed anywhere, it resumes.

A worker releases a run after a turn, so that other organisations get theirs, and puts it off
whenever Xero or a limit makes it wait: with a time to come back and words that say why.
"""

import logging
from datetime import datetime, timedelta

from connected_apps.queries import live_connection_of, live_connections
from xero_sync.api import rate_limiter, sessions
from xero_sync.jobs import dispatch, leases
from xero_sync.models import OPEN_RUNS, RunState, RunWhat, SyncRun
from xero_sync.pull import pager
from xero_sync.runs import (
    completion,
    learner_run,
    newest_first,
    run_log,
    run_progress,
    step_checkpoint,
    step_reader,
    verification,
)

logger = logging.getLogger(__name__)

TURN = timedelta(seconds=30)
NEWEST_HERE = "The last twelve months are here and checked against Xero; reading what is older"


def work_on(*, run_id: int, clock: leases.Clock) -> timedelta | None:
    """Work on a run for a turn; return when to come back, or None when there is nothing to do."""
    run = leases.take(SyncRun, run_id, now=clock(), state__in=OPEN_RUNS)
    if run is None:
        return None
    with leases.working_on(run, organisation_id=run.organisation_id, clock=clock) as turn:
        if not _take_turn(run, turn, clock) and turn.delay is None:
            turn.delay = timedelta(0)
    if turn.retry is not None and turn.retry.is_worth_a_line:
        run_log.write(run, turn.retry.why, now=clock())
    return turn.delay


def waiting_runs(*, now: datetime) -> list[int]:
    """Return the open runs of connected organisations that are due and nobody works on."""
    live = live_connections().values("organisation_id")
    due = SyncRun.objects.filter(leases.takeable(SyncRun, now), state__in=OPEN_RUNS)
    return list(due.filter(organisation_id__in=live).values_list("pk", flat=True))


def start_again(*, organisation_id: int, generation: int) -> None:
    """Let open runs go on now, whatever stood in the way: the connection was made anew."""
    runs = SyncRun.objects.filter(organisation_id=organisation_id, state__in=OPEN_RUNS)
    runs.update(generation=generation, not_before=None, leased_until=None)
    for run_id in runs.values_list("pk", flat=True):
        dispatch.WORK_ON_RUN.wake(run_id)


def _take_turn(run: SyncRun, turn: leases.Turn, clock: leases.Clock) -> bool:
    """Do as much as fits a turn; return whether the run has ended."""
    ends_at = clock() + TURN
    if run.started_at is None:
        run_log.write(run, "Started", now=clock())
    connection = live_connection_of(organisation_id=run.organisation_id)
    session = sessions.Session(
        connection_id=connection.pk if connection else 0,
        generation=run.generation,
        lane=rate_limiter.Lane.BULK,
    )
    if run.what == RunWhat.LEARNERS:
        if not learner_run.take_turn(run, session, turn, clock, ends_at):
            return False
        step_checkpoint.renew_lease(run, clock())
        completion.finish_learners(run=run, now=clock())
        return True
    _set_state(run, RunState.RUNNING, clock())
    with pager.opened(session) as puller:
        while True:
            if not step_reader.read(puller, run, clock, ends_at):
                return False
            run_log.write(run, "Everything is read; comparing with Xero's own count", now=clock())
            _set_state(run, RunState.VERIFYING, clock())
            if verification.verify(puller, run, clock):
                if not newest_first.newest_is_verified(run.steps.all()):
                    break
                run_log.write(run, NEWEST_HERE, now=clock())
            _set_state(run, RunState.RUNNING, clock())
    step_checkpoint.renew_lease(run, clock())
    completion.finish(run=run, now=clock())
    return True


def _set_state(run: SyncRun, state: RunState, now: datetime) -> None:
    pace = run_progress.restarted_pace(run, now=now) if state == RunState.RUNNING else {}
    run.state, run.started_at = state, run.started_at or now
    leases.renew(
        run,
        now=now,
        state=state,
        reason="",
        not_before=None,
        started_at=run.started_at,
        heard_at=now,
        **pace,
    )
