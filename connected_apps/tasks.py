"""The tasks of this app. Each reads the clock and calls one service; the work is rows.

`SCHEDULE` is what beat does; nothing is lost when a message is. Only `apps` imports this, for
the schedule; everybody else wakes a worker by a task's name (`dispatch`).
"""

import logging
from datetime import timedelta
from typing import Any

from celery import current_app, shared_task
from django.utils import timezone

from connected_apps import dispatch, errors
from connected_apps.lifecycle import housekeeping, refusals, removals
from connected_apps.oauth import tokens

logger = logging.getLogger(__name__)

SCHEDULE: dict[str, dict[str, Any]] = {
    "connected_apps-finish-removals": {
        "task": "connected_apps.tasks.finish_removals",
        "schedule": timedelta(minutes=1),
    },
    "connected_apps-tidy": {
        "task": "connected_apps.tasks.tidy",
        "schedule": timedelta(minutes=5),
    },
    "connected_apps-look-daily": {
        "task": "connected_apps.tasks.look_daily",
        "schedule": timedelta(hours=1),
    },
    "connected_apps-keep-alive": {
        "task": "connected_apps.tasks.keep_alive",
        "schedule": timedelta(hours=6),
    },
}


@shared_task
def finish_removals() -> None:
    """Remove in Xero what was disconnected here while Xero could not be reached."""
    removals.finish_due(now=timezone.now())


@shared_task
def tidy() -> None:
    """End attempts to connect and open questions that nobody came back to."""
    housekeeping.end_lapsed(now=timezone.now())


@shared_task
def look_daily() -> None:
    """Have every connection looked at that `/connections` was not asked about for most of a day."""
    for connection_id in housekeeping.connections_to_look_at(now=timezone.now()):
        dispatch.LOOK_AT.wake(connection_id=connection_id)


@shared_task
def look_at(*, connection_id: int) -> None:
    """Ask Xero whether one connection still stands."""
    refusals.check_with_xero(connection_id=connection_id, now=timezone.now())


@shared_task
def keep_alive() -> None:
    """Have every grant refreshed that has rested so long that it should be used."""
    for connection_id in housekeeping.connections_to_keep_alive(now=timezone.now()):
        dispatch.RENEW.wake(connection_id=connection_id)


@shared_task
def renew(*, connection_id: int) -> None:
    """Refresh one connection's tokens; what cannot be done now is tried again."""
    try:
        tokens.renew(connection_id=connection_id, now=timezone.now())
    except errors.ConnectedAppsError as error:
        logger.warning("Connection %s not renewed: %s", connection_id, type(error).__name__)


def schedule() -> None:
    """Add what this app has beat do to whatever it does already."""
    conf = current_app.conf
    conf.beat_schedule = {**conf.beat_schedule, **SCHEDULE}
