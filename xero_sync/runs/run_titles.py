"""What a run is called, who asked for it and how long it takes, in words for people."""

import math
from datetime import timedelta

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


def span_of(run: SyncRun) -> changed_spans.Span | None:
    """Return the moments of a run of what changed; None for every other."""
    if run.changed_from is None or run.changed_to is None:
        return None
    return changed_spans.Span(run.changed_from, run.changed_to)


def days_of(run: SyncRun) -> str:
    """Return the days that a run reads, or the moments between which it reads what changed."""
    if span := span_of(run):
        return changed_spans.in_words(span, zone=run.portal.zone)
    first, last = map(day_formats.short_day, (run.date_from, run.date_to))
    match run.date_from == date_windows.EARLIEST, run.date_to == date_windows.LATEST:
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
        return f"Asked for by {run.requested_by}"
    if run.by_command:
        return "Asked for by command"
    if run.is_first:
        return "Started by itself when Xero was connected"
    return "Started by itself"
