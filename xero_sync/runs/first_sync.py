"""The first sync, which fills a new connection: whether it has ended, or stands cancelled.

A person who cancels it wants it to stop, so nothing reads the rest by itself. The page says that
documents are not here until somebody resumes it, until another run has read everything instead, or
until the daily count finds all of them here.
"""

from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from xero_sync.models import ENDED_RUNS, OPEN_RUNS, Cursor, RunState, RunWhat, SyncRun
from xero_sync.pull import date_windows
from xero_sync.resources import Resource


def exists(organisation_id: int) -> bool:
    """Return whether it was ever asked for."""
    return latest(organisation_id) is not None


def is_unfinished(organisation_id: int) -> bool:
    """Return whether it is under way, or stands cancelled with documents missing."""
    first, is_missed = _latest_missed(organisation_id)
    return is_missed or (first is not None and first.state in OPEN_RUNS)


def cancelled(organisation_id: int) -> SyncRun | None:
    """Return the first sync where it stands cancelled, and what it would have read is missed."""
    first, is_missed = _latest_missed(organisation_id)
    return first if is_missed else None


def is_behind(organisation_id: int) -> bool:
    """Return whether documents from before the connection may still be missing here."""
    first, is_missed = _latest_missed(organisation_id)
    # Where there is none, beat asks for it.
    return is_missed or first is None or first.state in OPEN_RUNS


def latest(organisation_id: int) -> SyncRun | None:
    """Return the newest one, whatever became of it."""
    return _newest_first(organisation_id).first()


def _newest_first(organisation_id: int) -> QuerySet[SyncRun]:
    found = SyncRun.objects.filter(organisation_id=organisation_id, is_first=True)
    return found.order_by("-requested_at", "-pk")


def _latest_missed(organisation_id: int) -> tuple[SyncRun | None, bool]:
    """Return the newest one, and whether it stands cancelled with nothing done in its place.

    From where another run has read all documents it has nothing left to do: it cannot be resumed,
    and what differs later is mended as anywhere.
    """
    everything = SyncRun.objects.filter(
        organisation_id=organisation_id,
        what=RunWhat.DOCUMENTS,
        changed_from=None,
        state__in=ENDED_RUNS,
        date_from=date_windows.EARLIEST,
        date_to=date_windows.LATEST,
        requested_at__gte=OuterRef("requested_at"),
    )
    found: QuerySet[Any] = _newest_first(organisation_id).annotate(was_read=Exists(everything))
    first = found.first()
    if first is None or first.state != RunState.CANCELLED:
        return first, False
    return first, not (first.was_read or _all_is_here(first))


def _all_is_here(first: SyncRun) -> bool:
    """Return whether the daily count has found no difference since it was cancelled."""
    cursors = Cursor.objects.filter(organisation_id=first.organisation_id)
    kinds = cursors.exclude(resource=Resource.CONTACT)
    since = first.finished_at or first.requested_at
    agreeing = kinds.filter(counted_at__gte=since, count_in_xero=F("count_here"))
    return 0 < kinds.count() == agreeing.count()
