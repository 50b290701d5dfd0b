"""Celery tasks: each does one turn of work on rows, and asks to be woken again where there is more.

They carry ids only. Running one twice, late, or never (beat wakes again) changes nothing in the
end, because the rows know what is done. Only `apps` imports this, for the schedule;
everybody else wakes a worker by a task's name (`jobs.dispatch`).
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app, shared_task

from invoices import version_retention
from lrm.waking import worker_tasks
from lrm.waking.worker_tasks import WorkerTask
from xero_sync.contacts import learner_refreshes, push_queue
from xero_sync.jobs import day_limit, dispatch
from xero_sync.maintenance import (
    contact_balances,
    daily_check,
    full_readings,
    mention_pass,
    old_work,
    organisation_details,
)
from xero_sync.runs import run_worker
from xero_sync.sweeps import beginnings, sweeper
from xero_sync.webhooks import deliveries, event_processing

_PEOPLE = {"queue": worker_tasks.PEOPLE, "expires": worker_tasks.EXPIRES_SECONDS}
_BULK = {"queue": worker_tasks.BULK, "expires": worker_tasks.EXPIRES_SECONDS}
SCHEDULE: dict[str, dict[str, Any]] = {
    "xero_sync-ring-all": {
        # The first name of `wake_all`, which workers of the release before know, too.
        "task": "xero_sync.tasks.ring_all",
        "schedule": timedelta(seconds=10),
        "options": _PEOPLE,
    },
    "xero_sync-forget-old-versions": {
        "task": "xero_sync.tasks.forget_old_versions",
        "schedule": timedelta(hours=1),
        "options": _BULK,
    },
    "xero_sync-forget-old-work": {
        "task": "xero_sync.tasks.forget_old_work",
        "schedule": timedelta(hours=1),
        "options": _BULK,
    },
}
# What waits for a task: the primary keys that it is woken with, in the order of their worth.
WAITING: tuple[tuple[WorkerTask, Callable[..., Iterable[int]]], ...] = (
    (dispatch.FETCH_EVENTS, event_processing.waiting_organisations),
    (dispatch.WORK_ON_RUN, run_worker.waiting_runs),
    (dispatch.PUSH_LEARNERS, push_queue.waiting_portals),
    (dispatch.REFRESH_LEARNER, learner_refreshes.waiting_refreshes),
    (dispatch.SWEEP, sweeper.waiting_organisations),
    (dispatch.CHECK_COUNTS, daily_check.waiting_organisations),
    (dispatch.COMPARE_BALANCES, contact_balances.waiting_organisations),
    (dispatch.REREAD_OPEN, full_readings.waiting_organisations),
    (dispatch.LOOK_FOR_MENTIONS, mention_pass.waiting_organisations),
)


def _clock() -> datetime:
    return datetime.now(UTC)


@shared_task
def unpack_deliveries() -> None:
    """Take the events out of stored deliveries."""
    deliveries.unpack(now=_clock())


@shared_task
def fetch_events(organisation_id: int) -> None:
    """Fetch what an organisation's events name."""
    delay = event_processing.fetch_pending(organisation_id=organisation_id, clock=_clock)
    _again(dispatch.FETCH_EVENTS, organisation_id, delay)


@shared_task
def sweep(organisation_id: int) -> None:
    """Sweep what is due of an organisation."""
    organisation_details.fill_details(organisation_id=organisation_id, clock=_clock)
    delay = sweeper.sweep(organisation_id=organisation_id, clock=_clock)
    _again(dispatch.SWEEP, organisation_id, delay)


@shared_task
def check_counts(organisation_id: int) -> None:
    """Count an organisation's documents, mend differences, try what was set aside again."""
    daily_check.check(organisation_id=organisation_id, clock=_clock)


@shared_task
def look_for_mentions(organisation_id: int) -> None:
    """Look through an organisation's documents for the numbers that they name."""
    delay = mention_pass.look_through(organisation_id=organisation_id, clock=_clock)
    _again(dispatch.LOOK_FOR_MENTIONS, organisation_id, delay)


@shared_task
def compare_balances(organisation_id: int) -> None:
    """Hold what every contact owes in Xero against its documents here."""
    contact_balances.compare(organisation_id=organisation_id, clock=_clock)


@shared_task
def reread_open(organisation_id: int) -> None:
    """Read an organisation's open documents anew, those that were read longest ago."""
    full_readings.read(organisation_id=organisation_id, clock=_clock)


@shared_task
def work_on_run(run_id: int) -> None:
    """Work a turn on a sync run."""
    delay = run_worker.work_on(run_id=run_id, clock=_clock)
    _again(dispatch.WORK_ON_RUN, run_id, delay)


@shared_task
def push_learners(portal_id: int) -> None:
    """Send a batch of a portal's learners to Xero."""
    delay = push_queue.push_waiting(portal_id=portal_id, clock=_clock)
    _again(dispatch.PUSH_LEARNERS, portal_id, delay)


@shared_task
def refresh_learner(refresh_id: int) -> None:
    """Read one learner's contact and documents for a person who waits."""
    delay = learner_refreshes.work_on(refresh_id=refresh_id, clock=_clock)
    _again(dispatch.REFRESH_LEARNER, refresh_id, delay)


@shared_task
def forget_old_versions() -> None:
    """Delete versions of documents that are older than people want, or whose contact is erased."""
    if version_retention.delete_unwanted(now=_clock()):
        dispatch.FORGET_OLD_VERSIONS.wake()


@shared_task
def forget_old_work() -> None:
    """Delete events, deliveries and lines of logs that are older than people want."""
    if old_work.delete_old(now=_clock()):
        dispatch.FORGET_OLD_WORK.wake()


@shared_task(name="xero_sync.tasks.ring_all")
def wake_all() -> None:
    """Wake a worker for every row that waits: what beat does, so no lost message loses work."""
    now = _clock()
    day_limit.resume_due(now=now)
    beginnings.repair(now=now)
    wake = worker_tasks.waker()
    if deliveries.are_waiting():
        wake(dispatch.UNPACK_DELIVERIES)
    for task, waiting in WAITING:
        for pk in waiting(now=now):
            wake(task, pk)


def _again(task: WorkerTask, pk: int, delay: timedelta | None) -> None:
    """Come back soon; a long wait is left to beat, so that the broker holds no far-off messages."""
    if delay is not None and delay <= timedelta(seconds=90):
        task.wake(pk, delay=delay.total_seconds())


def schedule() -> None:
    """Add what this app has beat do to whatever it does already."""
    conf = current_app.conf
    conf.beat_schedule = {**conf.beat_schedule, **SCHEDULE}
