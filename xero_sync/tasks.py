"""Celery tasks: each does one turn of work on rows, and rings again where there is more.

They carry ids only. Running one twice, late, or never (beat rings again) changes nothing in the
end, because the rows know what is done.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app, shared_task
from django.db.models import Min, Q

from connected_apps.queries import live_connections
from xero_sync.contacts import push_queue
from xero_sync.jobs import day_limit, dispatch
from xero_sync.maintenance import daily_check, organisation_details
from xero_sync.models import OPEN_RUNS, Cursor, Delivery, EventState, Inbox, SyncRun, WebhookEvent
from xero_sync.runs import run_worker
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import deliveries, event_processing

SCHEDULE: dict[str, dict[str, Any]] = {
    "xero_sync-ring-all": {
        "task": "xero_sync.tasks.ring_all",
        "schedule": timedelta(seconds=10),
        # A bell that nobody answered in time is as good as the next one.
        "options": {"queue": dispatch.PEOPLE, "expires": 10.0},
    },
}

# A sweep this close is rung for now; what is further off beat rings for.
SOON = timedelta(seconds=30)


def _clock() -> datetime:
    return datetime.now(UTC)


@shared_task
def unpack_deliveries() -> None:
    """Take the events out of stored deliveries and ring for each organisation they name."""
    for organisation_id in deliveries.unpack(now=_clock()):
        dispatch.ring(fetch_events, organisation_id, queue=dispatch.EVENTS)
    if Delivery.objects.filter(unpacked_at=None).exists():
        dispatch.ring(unpack_deliveries, queue=dispatch.EVENTS)


@shared_task
def fetch_events(organisation_id: int) -> None:
    """Fetch what an organisation's events name."""
    delay = event_processing.fetch_pending(organisation_id=organisation_id, clock=_clock)
    _again(fetch_events, organisation_id, delay, dispatch.EVENTS)
    # A payment's event leaves the fetching to a sweep, which should not wait for beat.
    now = _clock()
    soon = Cursor.objects.filter(organisation_id=organisation_id, next_due_at__lte=now + SOON)
    due_at = soon.aggregate(first=Min("next_due_at"))["first"]
    if due_at is not None:
        wait = max(0.0, (due_at - now).total_seconds())
        dispatch.ring(sweep, organisation_id, queue=dispatch.BULK, delay=wait)


@shared_task
def sweep(organisation_id: int) -> None:
    """Sweep what is due of an organisation."""
    organisation_details.fill_details(organisation_id=organisation_id, clock=_clock)
    delay = sweeper.sweep(organisation_id=organisation_id, clock=_clock)
    _again(sweep, organisation_id, delay, dispatch.BULK)
    # Swept credits leave events for the invoices they touch.
    if WebhookEvent.objects.filter(
        organisation_id=organisation_id, state=EventState.PENDING
    ).exists():
        dispatch.ring(fetch_events, organisation_id, queue=dispatch.EVENTS)


@shared_task
def check_counts(organisation_id: int) -> None:
    """Count an organisation's documents, mend differences, try what was set aside again."""
    for run_id in daily_check.check(organisation_id=organisation_id, clock=_clock):
        dispatch.ring(work_on_run, run_id, queue=dispatch.BULK)


@shared_task
def work_on_run(run_id: int) -> None:
    """Work a turn on a sync run."""
    delay = run_worker.work_on(run_id=run_id, clock=_clock)
    _again(work_on_run, run_id, delay, dispatch.BULK)


@shared_task
def push_learners(portal_id: int) -> None:
    """Send a batch of a portal's learners to Xero."""
    delay = push_queue.push_waiting(portal_id=portal_id, clock=_clock)
    _again(push_learners, portal_id, delay, dispatch.PEOPLE)


@shared_task
def ring_all() -> None:
    """Ring for every row that waits: what beat does, so that no lost bell loses work."""
    now = _clock()
    ring = dispatch.ringer()
    day_limit.resume_due(now=now)
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = Q(not_before=None) | Q(not_before__lte=now)
    live = set(live_connections().values_list("organisation_id", flat=True))
    if Delivery.objects.filter(unpacked_at=None).exists():
        ring(unpack_deliveries, queue=dispatch.EVENTS)
    waiting = WebhookEvent.objects.filter(due, state=EventState.PENDING, organisation_id__in=live)
    busy = Inbox.objects.exclude(free, due).values("organisation_id")
    for organisation_id in (
        waiting.exclude(organisation_id__in=busy)
        .values_list("organisation_id", flat=True)
        .distinct()
    ):
        ring(fetch_events, organisation_id, queue=dispatch.EVENTS)
    for run_id in SyncRun.objects.filter(
        free, due, state__in=OPEN_RUNS, organisation_id__in=live
    ).values_list("id", flat=True):
        ring(work_on_run, run_id, queue=dispatch.BULK)
    for portal_id in push_queue.waiting_portals(now=now):
        ring(push_learners, portal_id, queue=dispatch.PEOPLE)
    cursors = Cursor.objects.filter(free, next_due_at__lte=now, organisation_id__in=live)
    for organisation_id in cursors.values_list("organisation_id", flat=True).distinct():
        ring(sweep, organisation_id, queue=dispatch.BULK)
    counting = Cursor.objects.filter(count_due_at__lte=now, organisation_id__in=live)
    for organisation_id in counting.values_list("organisation_id", flat=True).distinct():
        ring(check_counts, organisation_id, queue=dispatch.BULK)


def _again(task: object, pk: int, delay: timedelta | None, queue: str) -> None:
    """Ring again soon; a long wait is left to beat, so that the broker holds no far-off bells."""
    if delay is not None and delay <= timedelta(seconds=90):
        dispatch.ring(task, pk, queue=queue, delay=delay.total_seconds())


def schedule() -> None:
    """Add this app's bell to whatever beat rings already."""
    conf = current_app.conf
    conf.beat_schedule = {**conf.beat_schedule, **SCHEDULE}
