"""The age of each queue and sweep, for operators: /readyz and `manage.py xero_status`.

Figures only, no names. None of them makes the web process unready: it must go on taking webhooks
while workers are away.
"""

from datetime import datetime
from typing import Any

from django.db.models import Min
from django.utils import timezone

from connected_apps.queries import live_connections
from xero_sync import runs
from xero_sync.models import ContactPush, Cursor, Delivery, Event, EventState, PushState, SyncRun


def ages() -> dict[str, Any]:
    """Return the age in seconds of the oldest thing that waits in each queue, None where empty.

    `sweeps` are, by resource, how long ago the organisation that has waited longest was swept.
    """
    now = timezone.now()
    live = live_connections().values("organisation_id")
    swept = (
        Cursor.objects.filter(organisation_id__in=live)
        .values_list("resource")
        .annotate(Min("last_swept_at"))
    )
    pushes = ContactPush.objects.filter(state__in=(PushState.PENDING, PushState.SENT))
    open_runs = SyncRun.objects.filter(state__in=runs.OPEN)
    return {
        "deliveries": _age(Delivery.objects.filter(unpacked_at=None), "received_at", now),
        "events": _age(Event.objects.filter(state=EventState.PENDING), "received_at", now),
        "pushes": _age(pushes, "requested_at", now),
        "runs": _age(open_runs, "requested_at", now),
        "runs_stalled": sum(runs.has_stalled(run, now=now) for run in open_runs),
        "sweeps": {resource: _seconds(at, now) for resource, at in swept},
    }


def _age(rows: Any, field: str, now: datetime) -> float | None:
    return _seconds(rows.aggregate(oldest=Min(field))["oldest"], now)


def _seconds(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else round((now - at).total_seconds(), 1)
