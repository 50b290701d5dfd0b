"""The large numbers of the Xero card: documents here of those in Xero, last change, calls today.

While the first sync goes on its progress stands in their place.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from uuid import UUID

import redis

from connected_apps.card.facts import Figure
from connected_apps.models import Connection, Organisation
from invoices.models import Document
from lrm import moments
from xero_sync import resources
from xero_sync.api import rate_limiter
from xero_sync.models import ENDED_RUNS, OPEN_RUNS, Cursor, SyncRun
from xero_sync.runs import comparison, first_sync, run_progress, run_titles
from xero_sync.runs.run_progress import KindProgress, Stage
from xero_sync.webhooks import channel_health

_NOT_KNOWN = "\u2013"


def give_figures(connection: Connection, now: datetime) -> list[Figure]:
    """Return the figures of a connection that works."""
    organisation = connection.organisation
    if organisation is None:
        return []
    zone = connection.portal.zone
    first = first_sync.latest(organisation.pk)
    if first is None or first.state in OPEN_RUNS:
        return [_first_sync(first, now=now)]
    return [
        _documents(organisation, now=now, zone=zone),
        _last_change(organisation, now=now),
        _calls(organisation.tenant_id, now=now, zone=zone),
    ]


def _first_sync(run: SyncRun | None, *, now: datetime) -> Figure:
    """Return how far the first sync is, and how far each kind."""
    if run is None:
        return Figure(label="First sync", value="0", unit="documents so far")
    progress = run_progress.progress_of(run, now=now)
    unit = "documents so far"
    if progress.total is not None:
        unit = f"of {progress.total:,} documents {progress.part.label}".rstrip()
    if progress.left:
        unit += f" · about {run_titles.duration(progress.left)} left"
    return Figure(
        label="First sync",
        value=f"{progress.read:,}",
        unit=unit,
        share=progress.percent,
        lines=tuple(_of_kind(kind) for kind in progress.kinds if kind.total is not None),
    )


def _of_kind(kind: KindProgress) -> tuple[str, str]:
    is_read = kind.stage in (Stage.READ, Stage.COMPLETE)
    return "ok" if is_read else "idle", f"{kind.label} {kind.read:,} of {kind.total or 0:,}"


def _documents(organisation: Organisation, *, now: datetime, zone: tzinfo) -> Figure:
    """Return how many documents Xero and the LRM counted when they were last compared."""
    found = Cursor.objects.filter(organisation=organisation, resource__in=resources.DOCUMENTS)
    cursors = list(found)
    counted = [one.counted_at for one in cursors if one.counted_at]
    if cursors and len(counted) == len(cursors):
        here, in_xero = of_counts(cursors)
        return _of_check(here, in_xero, min(counted), now=now, zone=zone)
    first = SyncRun.objects.filter(
        organisation=organisation, is_first=True, state__in=ENDED_RUNS
    ).first()
    if first is None:
        return Figure(label="Documents", value=_NOT_KNOWN, unit="not checked against Xero yet")
    steps = list(first.steps.all())
    here = sum(step.our_count or 0 for step in steps)
    in_xero = comparison.sum_if_known([step.xero_count for step in steps])
    return _of_check(here, in_xero, first.finished_at, now=now, zone=zone)


def of_counts(cursors: Sequence[Cursor]) -> tuple[int, int | None]:
    """Return how many documents are here by the daily count, and in Xero where that is known."""
    in_xero = comparison.sum_if_known([one.count_in_xero for one in cursors])
    return sum(one.count_stored for one in cursors), in_xero


def _of_check(
    here: int, in_xero: int | None, at: datetime | None, *, now: datetime, zone: tzinfo
) -> Figure:
    checked = f"Checked {moments.short(at, now=now, zone=zone)}" if at else ""
    if in_xero is None:
        return Figure(label="Documents", value=f"{here:,}", unit="here", note=checked)
    share = min(100, here * 100 // in_xero) if in_xero else 100
    return Figure(
        label="Documents",
        value=f"{here:,}",
        unit=f"of {in_xero:,} in Xero",
        share=share,
        note=checked,
    )


def _last_change(organisation: Organisation, *, now: datetime) -> Figure:
    latest = (
        Document.objects.filter(organisation=organisation)
        .order_by("-synced_at")
        .values_list("synced_at", flat=True)
        .first()
    )
    is_late = bool(channel_health.unhealthy_in_words(organisation.pk))
    note = "Changes take up to a minute" if is_late else "Changes arrive within seconds"
    if latest is None:
        return Figure(label="Last change received", value="None", unit="yet", note=note)
    words = moments.ago(latest, now=now)
    unit = "" if words == "just now" else "ago"
    return Figure(label="Last change received", value=words, unit=unit, note=note)


def _calls(tenant_id: UUID, *, now: datetime, zone: tzinfo) -> Figure:
    label = "Calls to Xero today"
    try:
        books = rate_limiter.at_a_glance().books_of(tenant_id)
    except redis.RedisError:
        return Figure(label=label, value=_NOT_KNOWN, unit="not known at the moment")
    allowed = books.day_used + books.day_left
    ends_at = books.day_ends_at
    # Xero does not say when its day ends; it may be earlier.
    starts = ends_at and f"Starts again {moments.at(ends_at, now=now, zone=zone)} at the latest"
    return Figure(
        label=label,
        value=f"{books.day_used:,}",
        unit=f"of {allowed:,}",
        share=min(100, books.day_used * 100 // allowed) if allowed else 100,
        note=starts or "",
    )
