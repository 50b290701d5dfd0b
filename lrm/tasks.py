"""Celery tasks of the LRM itself: each does one turn of work on rows.

They carry ids only; the rows know what is done. Only `apps` imports this, for the schedule.
"""

import time
from datetime import timedelta
from typing import Any

from celery import current_app, shared_task
from django.conf import settings
from django.utils import timezone

from lrm import notices, old_rows
from lrm.batch_jobs import job_queue, job_worker, retention
from lrm.hooks import outbox, sender
from lrm.learner_imports import uploads
from lrm.rest import idempotency, request_counts
from lrm.sign_in import attempt_limits, sessions
from lrm.waking import worker_tasks
from lrm.watching import heartbeat

# A longer wait is left to beat.
_MOST_SECONDS = 90.0

_PEOPLE = {"queue": worker_tasks.PEOPLE, "expires": worker_tasks.EXPIRES_SECONDS}
SCHEDULE: dict[str, dict[str, Any]] = {
    "lrm-wake-jobs": {
        "task": "lrm.tasks.wake_jobs",
        "schedule": timedelta(seconds=10),
        "options": _PEOPLE,
    },
    "lrm-wake-hooks": {
        "task": "lrm.tasks.wake_hooks",
        "schedule": timedelta(seconds=10),
        "options": _PEOPLE,
    },
    "lrm-tidy": {"task": "lrm.tasks.tidy", "schedule": timedelta(hours=1)},
}


@shared_task
def work_on_job(job_id: int) -> None:
    """Work a turn on a batch job."""
    delay = job_worker.work_on(job_id=job_id, clock=timezone.now)
    if delay is not None and delay.total_seconds() <= _MOST_SECONDS:
        job_queue.WORK_ON_JOB.wake(job_id, delay=delay.total_seconds())


@shared_task
def wake_jobs() -> None:
    """Wake a worker for every job that waits, so that no lost message loses work."""
    heartbeat.note(now=time.time())
    if waiting := job_queue.waiting_jobs(now=timezone.now()):
        wake = worker_tasks.waker()
        for job_id in waiting:
            wake(job_queue.WORK_ON_JOB, job_id)


@shared_task
def send_hooks(endpoint_id: int) -> None:
    """Send what is due to an endpoint outside."""
    delay = sender.send_due(endpoint_id=endpoint_id, clock=timezone.now)
    if delay is not None and delay.total_seconds() <= _MOST_SECONDS:
        outbox.SEND.wake(endpoint_id, delay=delay.total_seconds())


@shared_task
def wake_hooks() -> None:
    """Wake a worker for every endpoint that something waits for."""
    if waiting := sender.waiting_endpoints(now=timezone.now()):
        wake = worker_tasks.waker()
        for endpoint_id in waiting:
            wake(outbox.SEND, endpoint_id)


@shared_task
def tidy() -> None:
    """Delete what is not to be kept."""
    retention.delete_old_failures(now=timezone.now())
    uploads.discard_old(now=timezone.now())
    attempt_limits.forget_old(now=timezone.now())
    sessions.forget_old()
    request_counts.forget_old(now=timezone.now())
    idempotency.forget_old(now=timezone.now())
    # What is left of very many goes with the next hour's turn.
    old_rows.delete(notices.TABLE, days=settings.NOTICE_DAYS, now=timezone.now())
    old_rows.delete(outbox.TABLE, days=settings.WEBHOOK_MESSAGE_DAYS, now=timezone.now())


def schedule() -> None:
    """Add what this app has beat do to whatever it does already."""
    conf = current_app.conf
    conf.beat_schedule = {**conf.beat_schedule, **SCHEDULE}
