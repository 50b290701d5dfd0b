"""What of Xero is not here yet, in one line: the first sync goes on, or whole kinds are not read.

For every page on which somebody takes what is shown for all that there is.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from connected_apps.models import Connection
from connected_apps.states.states import LIVE
from xero_sync.jobs import retry_policy
from xero_sync.models import Cursor
from xero_sync.resources import Resource
from xero_sync.runs import first_sync
from xero_sync.webhooks import channel_health

# Shorter waits are daily business.
OVERDUE = timedelta(minutes=10)
_WHO = "The Xero card on Connected Apps says why, and who can act."


def waiting_cursors(organisation_id: int) -> list[Cursor]:
    """Return the sweeps that wait for something, whatever it is."""
    waiting = Cursor.objects.filter(organisation_id=organisation_id).exclude(problem="")
    return list(waiting.order_by("resource"))


def late_cursors(waiting: Iterable[Cursor], *, now: datetime) -> list[Cursor]:
    """Return the sweeps that do not get through: at once where a person has to act.

    What passes by itself counts only once it has lasted for minutes.
    """
    since = now - max(OVERDUE, 2 * channel_health.longest_interval())
    return [
        cursor
        for cursor in waiting
        if cursor.last_swept_at is None
        or cursor.last_swept_at <= since
        or not retry_policy.passes_by_itself(cursor.problem)
    ]


def line_of(connection: Connection | None, now: datetime) -> str:
    """Return the line, or nothing where all is read or nothing is connected."""
    if connection is None or connection.organisation_id is None or connection.state not in LIVE:
        return ""
    late = late_cursors(waiting_cursors(connection.organisation_id), now=now)
    if late:
        kinds = listed([Resource(cursor.resource).label.lower() for cursor in late])
        return f"Not everything in Xero is here: {kinds} cannot be read at the moment. {_WHO}"
    if first_sync.cancelled(connection.organisation_id):
        return f"Not everything in Xero is here: the first sync was cancelled. {_WHO}"
    if first_sync.is_behind(connection.organisation_id):
        return (
            "Not everything in Xero is here yet: the first sync is still reading older documents. "
            "It goes on by itself."
        )
    return ""


def listed(words: list[str]) -> str:
    """Return words in one line: "a, b and c"."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last
