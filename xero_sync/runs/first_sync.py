"""The first sync, which fills a new connection: whether it has ended, or stands cancelled.

A person who cancels it wants it to stop, so nothing reads the rest by itself. The page says that
documents are not here until somebody resumes it, or until the daily count finds all of them here.
"""

from django.db.models import F

from xero_sync.models import ENDED_RUNS, Cursor, RunState, SyncRun
from xero_sync.resources import Resource


def exists(organisation_id: int) -> bool:
    """Return whether it was ever asked for."""
    return latest(organisation_id) is not None


def is_unfinished(organisation_id: int) -> bool:
    """Return whether it is under way or stands cancelled."""
    first = latest(organisation_id)
    return first is not None and first.state not in ENDED_RUNS


def cancelled(organisation_id: int) -> SyncRun | None:
    """Return the first sync where it stands cancelled, unless a count since found all here."""
    first = latest(organisation_id)
    if first is None or first.state != RunState.CANCELLED or _all_is_here(first):
        return None
    return first


def is_behind(organisation_id: int) -> bool:
    """Return whether documents from before the connection may still be missing here."""
    first = latest(organisation_id)
    if first is None:  # Beat asks for it.
        return True
    if first.state in ENDED_RUNS:
        return False
    return first.state != RunState.CANCELLED or not _all_is_here(first)


def latest(organisation_id: int) -> SyncRun | None:
    """Return the newest one, whatever became of it."""
    found = SyncRun.objects.filter(organisation_id=organisation_id, is_first=True)
    return found.order_by("-requested_at", "-pk").first()


def _all_is_here(first: SyncRun) -> bool:
    """Return whether the daily count has found no difference since it was cancelled."""
    cursors = Cursor.objects.filter(organisation_id=first.organisation_id)
    kinds = cursors.exclude(resource=Resource.CONTACT)
    since = first.finished_at or first.requested_at
    agreeing = kinds.filter(counted_at__gte=since, count_in_xero=F("count_here"))
    return 0 < kinds.count() == agreeing.count()
