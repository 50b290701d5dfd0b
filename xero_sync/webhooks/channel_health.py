"""Is the webhook channel healthy? A sweep that finds what a webhook should have brought says no.

Kept for each resource, because each category of events is opted into on its own in Xero's
developer portal. The channel of a resource is healthy again once an event of it arrives after
the miss; until then its sweeps come every minute, or as often as the day's limit allows. Where
events are trusted (`channel_trust`), sweeps come half as often as usual.
"""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Max
from django.db.models.functions import Greatest

from connected_apps.models import Connection
from invoices.models import Contact, Document
from xero_sync import resources
from xero_sync.api import call_budget, responses
from xero_sync.jobs import sweep_schedule
from xero_sync.models import Cursor, WebhookEvent
from xero_sync.resources import Resource
from xero_sync.store import upserts
from xero_sync.webhooks import announcements

# Events travel for a moment, and what changed before the connection was announced to nobody.
GRACE = timedelta(minutes=2)
WHILE_UNHEALTHY = timedelta(seconds=60)
STRETCH, LONGEST_STRETCHED = 2, timedelta(minutes=10)


def note_sweep(
    *,
    connection: Connection,
    cursor: Cursor,
    page: responses.Page,
    written: upserts.Written,
    now: datetime,
) -> None:
    """Count what this page brought although an event should have, inside the transaction."""
    if cursor.swept_through is None or not written.touched_ids or connection.connected_at is None:
        return
    overdue = {
        "organisation_id": cursor.organisation_id,
        "xero_id__in": written.touched_ids,
        "updated_at__gt": connection.connected_at + GRACE,
        "updated_at__lt": (page.answered_at or page.sent_at) - GRACE,
    }
    kind = resources.of(Resource(cursor.resource)).kind
    # Documents are found by an index that names their kind before their id.
    rows: Any = Document.objects.filter(kind=kind) if kind else Contact.objects
    changed = dict(rows.filter(**overdue).values_list("xero_id", "updated_at"))
    announced = _announced(cursor.organisation_id, changed)
    missed = sum(
        xero_id not in announced or announced[xero_id] < updated_at - GRACE
        for xero_id, updated_at in changed.items()
    )
    if missed:
        if cursor.missed_at is None:
            # Events of other kinds may be lost as well, and their sweeps may be far apart.
            others = [one for one in Resource if one != cursor.resource]
            sweep_schedule.make_due(
                organisation_id=cursor.organisation_id, now=now, resources=others
            )
        Cursor.objects.filter(pk=cursor.pk).update(
            missed_at=now, missed_count=F("missed_count") + missed
        )
        announcements.note_unannounced(
            portal=connection.portal, cursor=cursor, count=missed, now=now
        )


def _announced(organisation_id: int, xero_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """Return when events last told of these ids; one of an earlier change tells of no later one."""
    events = WebhookEvent.objects.filter(
        organisation_id=organisation_id, resource_id__in=list(xero_ids), delivery__isnull=False
    )
    last: Any = events.values("resource_id").annotate(
        last=Max(Greatest("happened_at", "received_at"))  # PostgreSQL's leaves nulls out.
    )
    return dict(last.values_list("resource_id", "last"))


def is_healthy(cursor: Cursor) -> bool:
    """Return whether events of this resource have arrived since the last miss, if there was one."""
    if cursor.missed_at is None:
        return True
    return WebhookEvent.objects.filter(
        organisation_id=cursor.organisation_id,
        category=resources.of(Resource(cursor.resource)).category,
        received_at__gt=cursor.missed_at,
        delivery__isnull=False,
    ).exists()


def usual_interval() -> timedelta:
    """Return how long after a sweep the next is due: as the settings wish and the day allows."""
    wished = timedelta(seconds=settings.XERO_SWEEP_SECONDS)
    return max(wished, call_budget.of_sweeps(kinds=len(Resource), share=call_budget.HEALTHY_SHARE))


def longest_interval() -> timedelta:
    """Return the longest time between two sweeps of a kind that get through.

    A change of which no event told is here by then at the latest. Sweeps are so far apart where
    events are trusted (`channel_trust`).
    """
    return max(usual_interval(), min(STRETCH * usual_interval(), LONGEST_STRETCHED))


def sweep_interval(cursor: Cursor) -> timedelta:
    """Return how long after a sweep of this resource the next is due."""
    if is_healthy(cursor):
        return longest_interval() if cursor.is_trusted else usual_interval()
    return _while_unhealthy(kinds=len(_unhealthy(cursor.organisation_id)))


def _while_unhealthy(*, kinds: int) -> timedelta:
    allowed = call_budget.of_sweeps(kinds=kinds, share=call_budget.UNHEALTHY_SHARE)
    return min(usual_interval(), max(WHILE_UNHEALTHY, allowed))


def _unhealthy(organisation_id: int) -> list[Cursor]:
    missed = Cursor.objects.filter(organisation_id=organisation_id).exclude(missed_at=None)
    return [cursor for cursor in missed if not is_healthy(cursor)]


def in_words(interval: timedelta) -> str:
    """Return an interval between sweeps in words: "every minute", "every 22 minutes"."""
    minutes = math.ceil(interval.total_seconds() / 60)
    return "every minute" if minutes <= 1 else f"every {minutes} minutes"


def unhealthy_in_words(organisation_id: int) -> str:
    """Return what the page says of an unhealthy channel; empty where all is well."""
    missed = _unhealthy(organisation_id)
    if not missed:
        return ""
    kinds = ", ".join(Resource(cursor.resource).label.lower() for cursor in missed)
    interval = _while_unhealthy(kinds=len(missed))
    late = "a minute" if interval <= WHILE_UNHEALTHY else in_words(interval).removeprefix("every ")
    return (
        f"Instant updates are not arriving for {kinds}, so changes take up to {late}. Nothing is "
        "lost. Support can check the webhook in Xero."
    )
