"""How long what Xero announced, and what re-syncs wrote into their logs, is kept.

Events are acted on within seconds; they stay for *Fetch again* and for the counts of thirty days
that tell silence from health, so `WEBHOOK_DAYS` is no less than that. One that waits is kept
however old it is, and a delivery as long as an event of it. Re-syncs themselves are the proof of
what was complete when, and stay; only the lines of their logs go. What a learner needs to reach
Xero is one row a learner, which does not grow.
"""

from datetime import datetime

from django.conf import settings

from lrm import old_rows

_EVENTS = old_rows.Table("xero_sync_event", "received_at", stays="state = 'PENDING'")
_DELIVERIES = old_rows.Table(
    "xero_sync_delivery",
    "received_at",
    stays="unpacked_at IS NULL AND problem = '' OR EXISTS (SELECT FROM xero_sync_event event"
    " WHERE event.delivery_id = xero_sync_delivery.id)",
)
_LINES = old_rows.Table(
    "xero_sync_syncrunline",
    "at",
    stays="EXISTS (SELECT FROM xero_sync_syncrun run WHERE run.id = run_id"
    " AND run.finished_at IS NULL)",
)


def delete_old(*, now: datetime) -> bool:
    """Delete what is older than people want; return whether there may be more."""
    turns = (
        # First the events: a delivery stays while one of its own does.
        old_rows.delete(_EVENTS, days=settings.WEBHOOK_DAYS, now=now),
        old_rows.delete(_DELIVERIES, days=settings.WEBHOOK_DAYS, now=now),
        old_rows.delete(_LINES, days=settings.RUN_LOG_DAYS, now=now),
    )
    return any(turns)
