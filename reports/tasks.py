"""Celery tasks of the reports: each does one turn of work on rows. Nothing is lost with a message.

Only `apps` imports this, for the schedule.
"""

from datetime import timedelta
from typing import Any

from celery import current_app, shared_task
from django.utils import timezone

from lrm.waking import worker_tasks
from reports import sum_upkeep
from reports.schedules import sendings

_BULK = {"queue": worker_tasks.BULK, "expires": worker_tasks.EXPIRES_SECONDS}
SCHEDULE: dict[str, dict[str, Any]] = {
    "reports-add-up": {
        "task": "reports.tasks.add_up",
        "schedule": timedelta(seconds=15),
        "options": _BULK,
    },
    "reports-send": {
        "task": "reports.tasks.send_reports",
        "schedule": timedelta(seconds=30),
        "options": _BULK,
    },
    "reports-check-sums": {
        "task": "reports.tasks.check_sums",
        "schedule": timedelta(hours=1),
        # As good as the next one, which comes no sooner.
        "options": {**_BULK, "expires": 3600.0},
    },
}


@shared_task
def add_up() -> None:
    """Add what documents changed to the sums that are kept of them."""
    sum_upkeep.add_up_all()


@shared_task
def check_sums() -> None:
    """Hold the sums that were not looked at for a day against the documents, and mend them."""
    sum_upkeep.check_due(now=timezone.now())


@shared_task
def send_reports() -> None:
    """Mail the reports that are due on a schedule, or that somebody asked for now."""
    sendings.send_all(clock=timezone.now)


def schedule() -> None:
    """Add what this app has beat do to whatever it does already."""
    conf = current_app.conf
    conf.beat_schedule = {**conf.beat_schedule, **SCHEDULE}
