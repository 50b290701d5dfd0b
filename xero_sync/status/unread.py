"""What of Xero is not here yet, in one line: the first sync goes on, or whole kinds are not read.

For every page on which somebody takes what is shown for all that there is.

A kind whose sweep met something says so in its row. One that no worker comes to says nothing at
all, so the time of its last sweep is looked at as well.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connected_apps.models import Connection, State
from connected_apps.states.states import LIVE
from lrm import moments
from xero_sync.jobs import retry_policy
from xero_sync.models import Cursor
from xero_sync.resources import Resource
from xero_sync.runs import first_sync
from xero_sync.webhooks import channel_health

# Shorter waits are daily business.
OVERDUE = timedelta(minutes=10)
_WHO = "The Xero card on Connected Apps says why, and who can act."
_GOES_ON = "Checking continues by itself. If this stays so, support can see why."


@dataclass(frozen=True)
class Unread:
    """The sweeps of an organisation that are not what they should be, by what keeps them.

    :param unchecked: those that nothing keeps, as far as their rows tell, and that did not come.
    """

    refused: list[Cursor]
    out_of_calls: list[Cursor]
    unchecked: list[Cursor]


def waiting_cursors(organisation_id: int) -> list[Cursor]:
    """Return the sweeps that wait for something, whatever it is."""
    return [cursor for cursor in _cursors_of(organisation_id) if cursor.problem]


def late_cursors(waiting: Iterable[Cursor], *, now: datetime) -> list[Cursor]:
    """Return the sweeps that do not get through: at once where a person has to act.

    What passes by itself counts only once it has lasted for minutes.
    """
    since = _late_since(now)
    return [
        cursor
        for cursor in waiting
        if cursor.last_swept_at is None
        or cursor.last_swept_at <= since
        or not retry_policy.passes_by_itself(cursor.problem)
    ]


def of_connection(connection: Connection, *, is_first_behind: bool, now: datetime) -> Unread:
    """Return which sweeps of a connection are not what they should be; one query.

    :param is_first_behind: whether the first sync goes on. It has words of its own for what was
        never read, and the first reading of contacts may take as long as it.
    """
    cursors = _cursors_of(connection.organisation_id)
    unchecked = [
        cursor
        for cursor in cursors
        if _is_unchecked(cursor, connection, now=now)
        and not (is_first_behind and cursor.last_swept_at is None)
    ]
    waiting = [cursor for cursor in cursors if cursor.problem and cursor not in unchecked]
    out_of_calls = [one for one in waiting if retry_policy.is_out_of_calls(one.problem)]
    refused = late_cursors([one for one in waiting if one not in out_of_calls], now=now)
    # Where Xero or a limit makes all wait, a sweep ends at the first kind, and only that one's row
    # says why. The others wait for the same.
    if out_of_calls:
        unchecked = []
    elif any(retry_policy.passes_by_itself(one.problem) for one in refused):
        refused, unchecked = [*refused, *unchecked], []
    return Unread(refused, out_of_calls, unchecked)


def _is_unchecked(cursor: Cursor, connection: Connection, *, now: datetime) -> bool:
    """Return whether a sweep should have come and did not, for all that its row says."""
    since = _late_since(now)
    paused_until = connection.paused_until if connection.state == State.PAUSED else None
    if paused_until is not None and paused_until > since:
        return False
    # What waits for something is tried again when it is due, unless nobody is there to try.
    if cursor.problem and cursor.next_due_at > since:
        return False
    connected_at = connection.connected_at or since
    if cursor.last_swept_at is None:
        return connected_at < since
    # Xero sends no event of what changes while it is not connected: only a sweep finds that.
    return cursor.last_swept_at < max(since, connected_at)


def _late_since(now: datetime) -> datetime:
    """Return since when every kind must have been swept, those whose sweeps stretch, too."""
    return now - max(OVERDUE, 2 * channel_health.longest_interval())


def _cursors_of(organisation_id: int | None) -> list[Cursor]:
    return list(Cursor.objects.filter(organisation=organisation_id).order_by("resource"))


def is_being_read(unchecked: Iterable[Cursor], connection: Connection, *, now: datetime) -> bool:
    """Return whether a worker is at them, or is to be at once, as Xero was just connected again."""
    if connection.connected_at is not None and connection.connected_at > _late_since(now):
        return True
    return any(one.leased_until is not None and one.leased_until >= now for one in unchecked)


def unchecked_since(unchecked: Iterable[Cursor]) -> datetime | None:
    """Return since when changes may be missing; None where nothing was ever read."""
    swept = (one.last_swept_at for one in unchecked)
    return min((at for at in swept if at is not None), default=None)


def words_of_unchecked(
    unchecked: Sequence[Cursor], connection: Connection, *, now: datetime
) -> str:
    """Return what may be missing of kinds that were not swept, and how that passes."""
    since, is_read = unchecked_since(unchecked), is_being_read(unchecked, connection, now=now)
    kinds = kinds_of(unchecked).capitalize()
    if since is None:
        if is_read:
            return f"{kinds} are being read for the first time, and appear here by themselves."
        return f"{kinds} have not been read from Xero yet. {_GOES_ON}"
    said = moments.at(since, now=now, zone=connection.portal.zone).removeprefix("on ")
    if is_read:
        return f"What changed in Xero since {said} is being read now, and appears here by itself."
    who = "Xero has" if len(unchecked) == len(Resource) else f"{kinds} in Xero have"
    return f"{who} not been checked since {said}, so changes may be missing here. {_GOES_ON}"


def line_of(connection: Connection | None, now: datetime) -> str:
    """Return the line, or nothing where all is read or nothing is connected."""
    if connection is None or connection.organisation_id is None or connection.state not in LIVE:
        return ""
    is_behind = first_sync.is_behind(connection.organisation_id)
    found = of_connection(connection, is_first_behind=is_behind, now=now)
    if late := [*found.refused, *late_cursors(found.out_of_calls, now=now)]:
        kinds = kinds_of(late)
        return f"Not everything in Xero is here: {kinds} cannot be read at the moment. {_WHO}"
    if found.unchecked:
        return words_of_unchecked(found.unchecked, connection, now=now)
    if not is_behind:
        return ""
    if first_sync.cancelled(connection.organisation_id):
        return f"Not everything in Xero is here: the first sync was cancelled. {_WHO}"
    return (
        "Not everything in Xero is here yet: the first sync is still reading older documents. "
        "It goes on by itself."
    )


def kinds_of(cursors: Iterable[Cursor]) -> str:
    """Return of what these are the sweeps: "contacts, invoices and credit notes"."""
    swept = {cursor.resource for cursor in cursors}
    return listed([one.label.lower() for one in Resource if one in swept])


def listed(words: list[str]) -> str:
    """Return words in one line: "a, b and c"."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last
