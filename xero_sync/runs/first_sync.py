"""The first sync, which fills a new connection: whether it has ended, and who stopped it.

A person who cancels it wants it to stop. So nothing goes on in its place by itself; the page says
that documents are not here, until somebody resumes it or everything has come in another way.
"""

from django.db.models import F

from xero_sync.models import ENDED_RUNS, Cursor, RunState, SyncRun
from xero_sync.resources import Resource


def is_unfinished(organisation_id: int) -> bool:
    """Return whether it is under way or stands cancelled."""
    first = _latest(organisation_id)
    return first is not None and first.state not in ENDED_RUNS


def cancelled(organisation_id: int) -> SyncRun | None:
    """Return it where it stands cancelled and, as far as is counted, something is not here."""
    first = _latest(organisation_id)
    if first is None or first.state != RunState.CANCELLED or _all_is_here(first):
        return None
    return first


def is_behind(organisation_id: int) -> bool:
    """Return whether documents of before are still to come, as far as is known."""
    return is_unfinished(organisation_id) and not _has_come_otherwise(organisation_id)


def _has_come_otherwise(organisation_id: int) -> bool:
    first = _latest(organisation_id)
    return first is not None and first.state == RunState.CANCELLED and _all_is_here(first)


def _latest(organisation_id: int) -> SyncRun | None:
    found = SyncRun.objects.filter(organisation_id=organisation_id, is_first=True)
    return found.order_by("-requested_at", "-pk").first()


def _all_is_here(first: SyncRun) -> bool:
    """Return whether the daily count has found no difference since it was cancelled."""
    cursors = Cursor.objects.filter(organisation_id=first.organisation_id)
    kinds = cursors.exclude(resource=Resource.CONTACT)
    since = first.finished_at or first.requested_at
    agreeing = kinds.filter(counted_at__gte=since, count_in_xero=F("count_here"))
    return 0 < kinds.count() == agreeing.count()
