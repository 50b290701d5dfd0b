"""Spans of time to sweep where Xero refuses to list all that was modified since the last sweep.

Xero rejects lists of more than 100,000 records, which an organisation with more contacts than that,
or with as many changes in a gap, would meet for ever. So the walk is bounded: what was modified
before the middle comes first, and the middle of that where it is still too much. After each span
that Xero takes the next is twice as long, so that a crowded hour among quiet years costs a few
calls. The bound is kept with the cursor: a list that is rejected at any length costs one more call
a try, and not the search again.
"""

from datetime import UTC, datetime, timedelta

from xero_sync.models import Cursor

# Before there was any Xero.
BEGINNING = datetime(2006, 1, 1, tzinfo=UTC)
SHORTEST = timedelta(minutes=1)


def shorter(cursor: Cursor, *, now: datetime) -> datetime | None:
    """Return an earlier bound for the cursor's walk; None where it is as short as can be."""
    half = ((cursor.until or now) - _start(cursor)) / 2
    return _whole(_start(cursor) + half) if half >= SHORTEST else None


def following(cursor: Cursor, *, now: datetime) -> datetime | None:
    """Return the bound of the walk after the cursor's; None where no bound is needed any more."""
    if cursor.until is None:
        return None
    longer = cursor.until + 2 * max(SHORTEST, cursor.until - _start(cursor))
    return _whole(longer) if longer < now - SHORTEST else None


def _start(cursor: Cursor) -> datetime:
    return cursor.swept_through or BEGINNING


def _whole(moment: datetime) -> datetime:
    """Cut to the second, which is all that a filter of Xero's can tell."""
    return moment.replace(microsecond=0)
