"""Doing a sync run, a turn at a time: walk, verify, end. Killed anywhere, it resumes.

A run gives its worker back after a turn, so that other organisations get theirs, and whenever
Xero or a limit makes it wait: with a time to come back and words that say why.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import F

from connected_apps.queries import live_connections
from xero_sync.api import rate_limiter, sessions
from xero_sync.jobs import day_limit, leases, retry_policy
from xero_sync.models import OPEN_RUNS, RunState, RunWhat, SyncRun
from xero_sync.pull import pager
from xero_sync.runs import completion, run_log, run_progress, step_reader, verification

logger = logging.getLogger(__name__)

TURN = timedelta(seconds=30)


def work_on(*, run_id: int, clock: leases.Clock) -> timedelta | None:
    """Work on a run for a turn; return when to come back, or None when there is nothing to do."""
    now = clock()
    due = SyncRun.objects.filter(pk=run_id, state__in=OPEN_RUNS).first()
    if due is None or (due.not_before and due.not_before > now):
        return None
    run = leases.claim(SyncRun, run_id, now=now, state__in=OPEN_RUNS)
    if run is None:
        return None
    try:
        finished = _take_turn(run, clock)
    except step_reader.LostClaim:
        return None
    except Exception as error:
        return _hand_back(run, error, clock())
    if not finished:
        SyncRun.objects.filter(pk=run.pk).update(claimed_until=None)
        return timedelta(0)
    return None


def _take_turn(run: SyncRun, clock: leases.Clock) -> bool:
    """Do as much as fits a turn; return whether the run has ended."""
    ends_at = clock() + TURN
    if run.started_at is None:
        run_log.write(run, "Started", now=clock())
    _set_state(run, RunState.RUNNING, clock())
    if run.what == RunWhat.LEARNERS:
        completion.requeue_learners(run=run, now=clock())
        return True
    with pager.opened(_session_of(run)) as puller:
        while True:
            if not step_reader.read(puller, run, clock, ends_at):
                return False
            run_log.write(run, "Everything is read; comparing with Xero's own count", now=clock())
            _set_state(run, RunState.VERIFYING, clock())
            if verification.verify(puller, run, clock):
                break
            _set_state(run, RunState.RUNNING, clock())
    completion.finish(run=run, now=clock())
    return True


def _session_of(run: SyncRun) -> sessions.Session:
    connection = live_connections().filter(organisation_id=run.organisation_id).first()
    return sessions.Session(
        connection_id=connection.pk if connection else 0,
        generation=run.generation,
        lane=rate_limiter.Lane.BULK,
    )


def _set_state(run: SyncRun, state: RunState, now: datetime) -> None:
    pace = run_progress.restarted_pace(run, now=now) if state == RunState.RUNNING else {}
    run.state, run.started_at = state, run.started_at or now
    moved = SyncRun.objects.filter(pk=run.pk, state__in=OPEN_RUNS).update(
        state=state, reason="", not_before=None, started_at=run.started_at, heard_at=now, **pace
    )
    if not moved:
        raise step_reader.LostClaim


def _hand_back(run: SyncRun, error: Exception, now: datetime) -> timedelta | None:
    """Give the run back with a time and a reason; nothing says failed that will be retried."""
    retry = retry_policy.after(error, attempts=run.attempts)
    day_limit.pause(organisation_id=run.organisation_id, error=error, now=now)
    # Made anew for another generation it is another worker's already, and due at once.
    mine = SyncRun.objects.filter(pk=run.pk, generation=run.generation)
    kept = mine.filter(state__in=OPEN_RUNS).update(
        state=RunState.PAUSED,
        reason=retry.why,
        not_before=now + retry.delay,
        claimed_until=None,
        attempts=F("attempts") + 1,
        heard_at=now,
    )
    if kept and retry.is_worth_a_line:
        run_log.write(run, retry.why, now=now)
    return retry.delay
