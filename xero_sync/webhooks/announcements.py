"""What Xero announced and what it did not, by day and kind: silence is told from health.

An event that never comes leaves no trace of its own. Where a regular check finds a change that an
event should have announced, it is counted, in the transaction that stores the change, and the
counts stand beside those of the events that came. Days are the portal's.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, F
from django.db.models.functions import TruncDate

from connected_apps.models import Organisation
from lrm.models import Portal
from xero_sync import resources
from xero_sync.models import Cursor, UnannouncedChange, WebhookEvent
from xero_sync.resources import Resource

DAYS = 30
PAYMENTS = "Payments"
_LABELS = {category: str(one.label) for category, one in resources.BY_CATEGORY.items()}
_LABELS["PAYMENT"] = PAYMENTS


@dataclass(frozen=True)
class Day:
    """One day: how many events came, and how many changes none had announced, by kind."""

    on: date
    received: dict[str, int]
    unannounced: dict[str, int]

    @property
    def received_count(self) -> int:
        """How many events came, of all kinds."""
        return sum(self.received.values())

    @property
    def unannounced_count(self) -> int:
        """How many changes no event had announced, of all kinds."""
        return sum(self.unannounced.values())


def note_unannounced(*, portal: Portal, cursor: Cursor, count: int, now: datetime) -> None:
    """Count changes that a sweep found unannounced, in its transaction.

    The sweep's lease on the cursor keeps others from the same row.
    """
    row, _ = UnannouncedChange.objects.get_or_create(
        organisation_id=cursor.organisation_id,
        resource=cursor.resource,
        day=now.astimezone(portal.zone).date(),
    )
    UnannouncedChange.objects.filter(pk=row.pk).update(count=F("count") + count)


def days_of(*, organisation: Organisation, now: datetime, days: int = DAYS) -> list[Day]:
    """Return the last days, today first, each with its counts; two queries."""
    zone = organisation.portal.zone
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    received: defaultdict[date, dict[str, int]] = defaultdict(dict)
    events = WebhookEvent.objects.filter(
        organisation=organisation,
        delivery__isnull=False,
        received_at__gte=datetime.combine(first, time(), zone),
    )
    dated: Any = events.annotate(on=TruncDate("received_at", tzinfo=zone)).order_by()
    counted = dated.values("on", "category").annotate(count=Count("pk"))
    for on, category, count in counted.values_list("on", "category", "count"):
        label = _LABELS.get(category) or _label_of_unknown(category)
        received[on][label] = received[on].get(label, 0) + count
    unannounced: defaultdict[date, dict[str, int]] = defaultdict(dict)
    for on, resource, count in UnannouncedChange.objects.filter(
        organisation=organisation, day__gte=first
    ).values_list("day", "resource", "count"):
        unannounced[on][str(Resource(resource).label)] = count
    return [
        Day(on, received[on], unannounced[on])
        for on in (today - timedelta(days=back) for back in range(days))
    ]


def _label_of_unknown(category: str) -> str:
    """Name a category of which nothing is kept, so that whoever opted into it sees it arrive."""
    return f"{category.capitalize() or 'Without a category'} (not kept here)"


def unannounced_lately(organisation: Organisation, *, now: datetime) -> int:
    """Return how many changes no event announced in the last days."""
    first = now.astimezone(organisation.portal.zone).date() - timedelta(days=DAYS - 1)
    lately = UnannouncedChange.objects.filter(organisation=organisation, day__gte=first)
    return sum(lately.values_list("count", flat=True))
