"""When each resource of an organisation is swept next.

Whoever knows a reason (a new connection, a payment's event, a first sync that has ended) asks here;
the sweeper takes what is due.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Case, F, Min, Q, Value, When
from django.db.models.functions import Greatest, Least

from xero_sync.jobs import dispatch
from xero_sync.models import Cursor
from xero_sync.resources import Resource

# Our clock may differ from Xero's; an hour is beyond any such doubt.
FIRST_OVERLAP = timedelta(hours=1)
FIRST_COUNT = timedelta(hours=6)
# For a sweep this close a worker is woken now; for what is further off beat wakes one.
_SOON = timedelta(seconds=30)


def begin(*, organisation_id: int, now: datetime) -> bool:
    """Make sure that every resource is swept from now on; return whether any is new.

    Contacts are swept from the beginning. Documents are swept from an hour ago: what is older is
    the first sync's, which can cut what is too large for one list.
    """
    known = set(
        Cursor.objects.filter(organisation_id=organisation_id).values_list("resource", flat=True)
    )
    Cursor.objects.bulk_create(
        [
            Cursor(
                organisation_id=organisation_id,
                resource=resource,
                swept_through=None if resource is Resource.CONTACT else now - FIRST_OVERLAP,
                next_due_at=now,
                count_due_at=now + FIRST_COUNT,
            )
            for resource in Resource
            if resource not in known
        ],
        ignore_conflicts=True,
    )
    return len(known) < len(Resource)


def make_due(
    *, organisation_id: int, now: datetime, resources: Iterable[Resource] = tuple(Resource)
) -> None:
    """Ask for a sweep of these resources as soon as a worker is free."""
    Cursor.objects.filter(organisation_id=organisation_id, resource__in=list(resources)).update(
        next_due_at=now
    )
    dispatch.SWEEP.wake(organisation_id)


def begin_anew(*, organisation_id: int, resource: Resource, now: datetime) -> bool:
    """Sweep all of a resource from its beginning.

    :returns: False where a worker sweeps it at this moment, and nothing was asked for.
    """
    is_free = Q(leased_until=None) | Q(leased_until__lt=now)
    cursors = Cursor.objects.filter(is_free, organisation_id=organisation_id, resource=resource)
    begun = cursors.update(
        swept_through=None,
        until=None,
        walk_started_at=None,
        next_page=1,
        item_count=None,
        next_due_at=now,
    )
    if begun:
        dispatch.SWEEP.wake(organisation_id)
    return bool(begun)


def make_due_soon(
    *, organisation_id: int, now: datetime, resources: Iterable[Resource], apart: timedelta
) -> None:
    """Ask for a sweep of these resources, at once where the last one ended `apart` ago.

    A sweep that is under way may have read too early, so another one follows it.
    """
    is_under_way = Q(leased_until__gte=now)
    is_due = Q(next_due_at__lte=now)
    soon = Greatest(Value(now), F("last_swept_at") + apart)
    asked = Cursor.objects.filter(organisation_id=organisation_id, resource__in=list(resources))
    asked.update(
        next_due_at=Case(
            When(is_under_way & is_due, then=Value(now + apart)),
            When(is_under_way | is_due, then=F("next_due_at")),
            default=Least(F("next_due_at"), soon),
        )
    )
    due_at = asked.aggregate(first=Min("next_due_at"))["first"]
    if due_at is not None and due_at <= now + _SOON:
        dispatch.SWEEP.wake(organisation_id, delay=max(0.0, (due_at - now).total_seconds()))
