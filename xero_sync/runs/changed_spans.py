"""Two moments between which documents changed in Xero, as people choose them.

Xero tells of a document only when it changed last, and lists what changed since a moment. So what
changed between two moments and again later stands in the list under its later change, and nothing
in it says that it belongs to the span. Everything that changed since the first moment is therefore
read. The second moment bounds what is told of it, and not what is read: a document that was left
out because it changed again might be the one that is missing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lrm import day_formats
from xero_sync.runs.date_ranges import BadRange

# Xero's moments are counted from here, so nothing changed before. Earlier ones may lie outside the
# calendar in another zone, where PostgreSQL stores what Python cannot read.
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Span:
    """From `since` to before `until`."""

    since: datetime
    until: datetime


def of_fields(
    *,
    date_from: date,
    date_to: date,
    time_from: time | None,
    time_to: time | None,
    zone: ZoneInfo,
    now: datetime,
) -> Span:
    """Return the span that a form's fields name, in the portal's own time.

    Without times it begins with the first day and ends with the last. An end that is still to come
    is now.

    :raises BadRange: it begins in the future, or ends before it begins.
    """
    return of_moments(
        since=datetime.combine(date_from, time_from or time(), zone),
        until=_end_of(date_to, time_to, zone, now),
        now=now,
    )


def of_moments(*, since: datetime, until: datetime, now: datetime) -> Span:
    """Return the span between two moments; an end that is still to come is now.

    One that begins before Xero's calendar begins with that.

    :raises BadRange: it begins in the future, or ends before it begins.
    """
    since = max(since, _EARLIEST)
    if since >= now:
        raise BadRange("date_from", "This moment is in the future. Choose an earlier start.")
    if until <= since:
        raise BadRange("date_to", "The end is not after the start. Choose a later end.")
    return Span(since.replace(microsecond=0), min(until, now))


def in_words(span: Span, *, zone: ZoneInfo) -> str:
    """Return "3 Mar 2026, 9:00 am to 5 Mar 2026, 5:00 pm"."""
    return f"{moment(span.since, zone=zone)} to {moment(span.until, zone=zone)}"


def moment(at: datetime, *, zone: ZoneInfo) -> str:
    """Return a moment by the portal's clock."""
    return day_formats.moment(at.astimezone(zone))


def _end_of(day: date, at: time | None, zone: ZoneInfo, now: datetime) -> datetime:
    if day > now.astimezone(zone).date():
        return now
    if at is not None:
        return datetime.combine(day, at, zone)
    return datetime.combine(day + timedelta(days=1), time(), zone)
