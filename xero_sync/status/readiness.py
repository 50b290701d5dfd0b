"""The age of each queue and sweep, for operators: /readyz and `manage.py xero_status`.

Figures only, no names. None of them makes the web process unready: it must go on taking webhooks
while workers are away.
"""

from datetime import datetime
from typing import Any

from django.db.models import Min
from django.db.models.functions import Greatest
from django.utils import timezone

from connected_apps.queries import live_connections
from xero_sync.contacts import push_gate, push_queue
from xero_sync.models import (
    OPEN_RUNS,
    ContactPush,
    Cursor,
    Delivery,
    EventState,
    SyncRun,
    WebhookEvent,
)
from xero_sync.runs import run_status


def ages() -> dict[str, Any]:
    """Return the age in seconds of the oldest thing that waits in each queue, None where empty.

    Only for what is connected, and pushes where they were started: the rest waits for a person,
    not for a worker. Nor does what is put off until later, be it by itself or with its
    organisation; once it is due it waits from then on.
    `sweeps` are, by resource, how long ago the organisation that has waited longest was swept.
    """
    now = timezone.now()
    live = live_connections().values("organisation_id")
    swept = (
        Cursor.objects.filter(organisation_id__in=live)
        .values_list("resource")
        .annotate(Min("last_swept_at"))
    )
    portals = push_gate.open_connections().values("portal_id")
    waiting = ContactPush.objects.filter(state__in=push_queue.OPEN, learner__sync_to_xero=True)
    open_runs = SyncRun.objects.filter(state__in=OPEN_RUNS, organisation_id__in=live)
    events = WebhookEvent.objects.filter(state=EventState.PENDING, organisation_id__in=live)
    return {
        # Signed, and kept as they came, but of no use to us; the log and the row say why.
        "deliveries_put_aside": Delivery.objects.exclude(problem="").count(),
        "deliveries": _age(Delivery.objects.filter(unpacked_at=None), "received_at", now),
        "events": _since_due(
            events, "received_at", "not_before", "organisation__inbox__not_before", now=now
        ),
        "pushes": _since_due(
            waiting.filter(learner__portal__in=portals), "requested_at", "not_before", now=now
        ),
        "runs": _age(open_runs, "requested_at", now),
        "runs_stalled": sum(run_status.has_stalled(run, now=now) for run in open_runs),
        "sweeps": {resource: _seconds(at, now) for resource, at in swept},
    }


def _since_due(rows: Any, *moments: str, now: datetime) -> float | None:
    """Return for how long a worker could have taken the oldest, so after all of these moments."""
    # Of PostgreSQL's own: a moment that is null holds nothing up.
    due = rows.annotate(due_since=Greatest(*moments)).filter(due_since__lte=now)
    return _age(due, "due_since", now)


def _age(rows: Any, field: str, now: datetime) -> float | None:
    return _seconds(rows.aggregate(oldest=Min(field))["oldest"], now)


def _seconds(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else round((now - at).total_seconds(), 1)
