"""The day's limit: an organisation that Xero has closed for today is paused, and says until when.

Only Xero's own word pauses it (a 429 that names the day). When merely the share of bulk work is
used up, people and events still get through, so the connection stays as it is and only the run
waits.
"""

import logging
from datetime import datetime, timedelta

from connected_apps import errors as connection_errors
from connected_apps.models import State
from connected_apps.queries import live_connections
from connected_apps.states import states
from xero_sync.api import errors

logger = logging.getLogger(__name__)

_WHY = "Xero's limit of calls a day is reached. Syncing goes on by itself."
_OVER = "Xero takes calls again."


def pause(*, organisation_id: int, error: Exception, now: datetime) -> None:
    """Pause the connection where the error is Xero's refusal for the rest of the day."""
    if not isinstance(error, errors.RateLimited) or error.kind != "day" or error.status != 429:
        return
    for connection in live_connections().filter(organisation_id=organisation_id):
        _apply(
            connection.pk,
            states.Trigger.DAY_LIMIT_REACHED,
            why=_WHY,
            now=now,
            paused_until=now + timedelta(seconds=error.retry_after),
        )


def resume_due(*, now: datetime) -> None:
    """Take up connections again whose pause is over."""
    over = live_connections().filter(state=State.PAUSED, paused_until__lte=now)
    for connection in over:
        _apply(connection.pk, states.Trigger.RESUMED, why=_OVER, now=now)


def _apply(
    connection_id: int,
    trigger: states.Trigger,
    *,
    why: str,
    now: datetime,
    paused_until: datetime | None = None,
) -> None:
    try:
        states.apply(
            connection_id=connection_id,
            trigger=trigger,
            by=None,
            why=why,
            now=now,
            paused_until=paused_until,
        )
    except connection_errors.ImpossibleTransition:
        # A person has disconnected or reconnected meanwhile, which is the newer word.
        logger.info("Connection %s has moved on", connection_id)
