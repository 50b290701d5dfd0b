"""What a run is called, who asked for it and how long it takes, in words for people."""

import math
from datetime import date, timedelta

from lrm import day_formats
from xero_sync.models import RunWhat, SyncRun
from xero_sync.pull import date_windows
from xero_sync.runs import changed_spans


def title_of(run: SyncRun) -> str:
    """Return what a run is, in words."""
    if run.is_first:
        return "First sync of all documents"
    if run.what == RunWhat.LEARNERS:
        return f"Re-sync of learners changed {days_of(run)}"
    if run.what == RunWhat.CHANGED:
        return f"Re-sync of what changed {days_of(run)}"
    return f"Re-sync of {days_of(run)}"


def short_title_of(run: SyncRun) -> str:
    """Return what a run is where its neighbours are runs too: "1 Jun 2026 to 26 Nov 2026"."""
    if run.is_first:
        return "First sync, everything"
    title = title_of(run).removeprefix("Re-sync of ")
    return title[0].upper() + title[1:]


def who_of(run: SyncRun) -> str:
    """Return who started a run, as a list names them."""
    if run.requested_by is not None:
        return str(run.requested_by)
    return "by command" if run.by_command else "by itself"


def span_of(run: SyncRun) -> changed_spans.Span | None:
    """Return the moments of a run of what changed; None for every other."""
    if run.changed_from is None or run.changed_to is None:
        return None
    return changed_spans.Span(run.changed_from, run.changed_to)


def days_of(run: SyncRun) -> str:
    """Return the days that a run reads, or the moments between which it reads what changed."""
    if span := span_of(run):
        return changed_spans.in_words(span, zone=run.portal.zone)
    return between(run.date_from, run.date_to)


def between(date_from: date, date_to: date) -> str:
    """Return a range of days in words."""
    first, last = map(day_formats.short_day, (date_from, date_to))
    match date_from == date_windows.EARLIEST, date_to == date_windows.LATEST:
        case True, True:
            return "all days"
        case True, False:
            return f"all days to {last}"
        case False, True:
            return f"all days from {first}"
        case _:
            return f"{first} to {last}"


def duration(span: timedelta) -> str:
    """Return a length of time as people say it, rounded up: "40 s", "3 min", "2 h 5 min"."""
    seconds = math.ceil(span.total_seconds())
    if seconds < 90:
        return f"{max(seconds, 1)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def origin_of(run: SyncRun) -> str:
    """Return who or what asked for a run."""
    if run.requested_by is not None:
        return f"Started by {run.requested_by}"
    if run.by_command:
        return "Started by command"
    if run.is_first:
        return "Started by itself when Xero was connected"
    return "Started by itself"
