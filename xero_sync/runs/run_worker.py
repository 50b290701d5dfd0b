"""Doing a sync run, a turn at a time: walk, verify, end. Killed anywhere, it resumes.

A worker releases a run after a turn, so that other organisations get theirs, and puts it off
whenever Xero or a limit makes it wait: with a time to come back and words that say why.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from connected_apps.queries import live_connection_of, live_connections
from xero_sync.api import rate_limiter, sessions
from xero_sync.jobs import dispatch, leases
from xero_sync.models import OPEN_RUNS, RunState, RunWhat, SyncRun
from xero_sync.pull import page_sizes, pager
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
# One death may be a container that was replaced.
_DEATHS_BORNE = 1
NEWEST_HERE = "The last twelve months are here and checked against Xero; reading what is older"
LESS = "Reading broke off more than once before anything was saved; asking Xero for smaller pages"


def work_on(*, run_id: int, clock: leases.Clock) -> timedelta | None:
    """Work on a run for a turn; return when to come back, or None when there is nothing to do."""
    run = leases.take(SyncRun, run_id, now=clock(), counts_deaths=True, state__in=OPEN_RUNS)
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
    _ask_for_less_after_deaths(run, clock())
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


def _ask_for_less_after_deaths(run: SyncRun, now: datetime) -> None:
    """Go on in smaller pages where workers died over a run that stored none between.

    A page may be more than a worker can hold: asked for again unchanged it would kill each of them.
    """
    # A worker that could still say what went wrong has paused the run.
    has_died = run.state in (RunState.RUNNING, RunState.VERIFYING) and run.attempts > _DEATHS_BORNE
    if not has_died or run.what == RunWhat.LEARNERS:
        return
    with transaction.atomic():
        is_verifying = run.state == RunState.VERIFYING
        is_less = _list_less(run) if is_verifying else step_reader.read_less(run, now)
        # No page was stored: the run stays as silent as it was, and its deaths are counted on.
        leases.renew(run, now=now, attempts=run.attempts, heard_at=run.heard_at)
    if is_less:
        run_log.write(run, LESS, now=now)


def _list_less(run: SyncRun) -> bool:
    """Let closing sweeps go on in smaller pages; return whether there are any."""
    places = [(one, page_sizes.after_deaths(one)) for one in run.catch_ups.all()]
    for checkpoint, place in places:
        if place is not None:
            begun = {"started_at": None, "item_count": None} if place.is_start else {}
            run.catch_ups.filter(pk=checkpoint.pk).update(**place._asdict(), **begun)
    return any(place is not None for _, place in places)


def _set_state(run: SyncRun, state: RunState, now: datetime) -> None:
    pace = run_progress.restarted_pace(run, now=now) if state == RunState.RUNNING else {}
    # A worker that takes a run up which goes on has not read anything of it yet.
    heard = {"heard_at": now} if run.state in (RunState.QUEUED, RunState.PAUSED) else {}
    run.state, run.started_at = state, run.started_at or now
    leases.renew(
        run,
        now=now,
        state=state,
        reason="",
        not_before=None,
        started_at=run.started_at,
        **heard,
        **pace,
    )
