"""The bells of this app. Each task reads the clock and calls one service; the work is rows.

`SCHEDULE` is what beat rings; nothing is lost when a ring is.
"""

import logging
from datetime import timedelta
from typing import Any

from celery import current_app, shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from connected_apps import errors
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
    """Ring for every connection that `/connections` was not asked about for most of a day."""
    for connection_id in housekeeping.connections_to_look_at(now=timezone.now()):
        look_at.delay(connection_id=connection_id)


@shared_task
def look_at(*, connection_id: int) -> None:
    """Ask Xero whether one connection still stands."""
    refusals.check_with_xero(connection_id=connection_id, now=timezone.now())


@shared_task
def keep_alive() -> None:
    """Ring for every grant that has rested so long that it should be used."""
    for connection_id in housekeeping.connections_to_keep_alive(now=timezone.now()):
        renew.delay(connection_id=connection_id)


@shared_task
def renew(*, connection_id: int) -> None:
    """Refresh one connection's tokens; what cannot be done now is rung for again."""
    try:
        tokens.renew(connection_id=connection_id, now=timezone.now())
    except errors.ConnectedAppsError as error:
        logger.warning("Connection %s not renewed: %s", connection_id, type(error).__name__)


def ring_removals() -> None:
    """Have removals tried now; with the broker away they are tried within a minute all the same."""
    try:
        finish_removals.apply_async(retry=False)
    except OperationalError as error:
        logger.warning("The broker is away (%s); beat rings again", error)


def schedule() -> None:
    """Add this app's bells to whatever beat rings already."""
    conf = current_app.conf
    conf.beat_schedule = {**conf.beat_schedule, **SCHEDULE}
