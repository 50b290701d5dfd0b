"""Learners on their way to Xero: one push row a learner, taken in batches of up to 50.

A save writes the row in its own transaction; workers claim rows with SKIP LOCKED, and a killed
worker's rows come free. How a batch is sent is `push_sender`'s business.
"""

import logging
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q, QuerySet

from connected_apps.models import Connection
from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm.models import Learner, Portal
from xero_sync.api import rate_limiter, sessions
from xero_sync.contacts import push_sender
from xero_sync.jobs import day_limit, leases, retry_policy
from xero_sync.models import ContactPush, PushState

logger = logging.getLogger(__name__)

BATCH = 50
OPEN = (PushState.PENDING, PushState.SENT)


def request(*, learner: Learner, now: datetime) -> None:
    """Note that a learner must reach Xero; inside the transaction that saved the learner."""
    push, created = ContactPush.objects.get_or_create(
        learner=learner, defaults={"requested_at": now}
    )
    if not created:
        ContactPush.objects.filter(pk=push.pk).update(
            state=PushState.PENDING,
            version=F("version") + 1,
            requested_at=now,
            not_before=None,
            attempts=0,
            problem="",
        )


def not_in_xero(
    *, portal_id: int, date_from: date, date_to: date, zone: ZoneInfo
) -> QuerySet[ContactPush]:
    """Return the learners changed between two days of a zone, inclusive, that are not in Xero."""
    return ContactPush.objects.filter(
        learner__portal_id=portal_id,
        learner__updated_at__gte=datetime.combine(date_from, time.min, zone),
        learner__updated_at__lt=datetime.combine(date_to + timedelta(days=1), time.min, zone),
        learner__sync_to_xero=True,
    ).exclude(state=PushState.DONE)


def push_waiting(*, portal_id: int, clock: leases.Clock) -> timedelta | None:
    """Send one batch of a portal's learners; return when to come back, if there is more."""
    portal = Portal.objects.get(pk=portal_id)
    connection = connection_of(portal)
    if connection is None or connection.organisation is None or connection.state not in LIVE:
        return None
    batch = _claim(portal, now=clock())
    if not batch:
        return None
    session = sessions.Session(
        connection_id=connection.pk, generation=connection.generation, lane=rate_limiter.Lane.PEOPLE
    )
    try:
        push_sender.send(session, connection.organisation, batch, clock)
    except Exception as error:
        retry = retry_policy.after(error, attempts=max(push.attempts for push in batch))
        day_limit.pause(organisation_id=connection.organisation.pk, error=error, now=clock())
        ContactPush.objects.filter(pk__in=[push.pk for push in batch], state__in=OPEN).update(
            claimed_until=None,
            not_before=clock() + retry.delay,
            attempts=F("attempts") + 1,
            problem=retry.why,
        )
        return retry.delay
    return timedelta(0)


def _claim(portal: Portal, *, now: datetime) -> list[ContactPush]:
    """Take up to a batch of rows that nobody works on."""
    with transaction.atomic():
        batch = list(
            _waiting(now=now)
            .select_for_update(skip_locked=True, of=("self",))
            .filter(learner__portal=portal)
            .select_related("learner")
            .order_by("id")[:BATCH]
        )
        ContactPush.objects.filter(pk__in=[push.pk for push in batch]).update(
            claimed_until=now + leases.LEASE
        )
    return batch


def waiting_portals(*, now: datetime) -> list[int]:
    """Return the portals with learners to push whose connection can take them."""
    live = Connection.objects.filter(state__in=LIVE).values("portal_id")
    rows = _waiting(now=now).filter(learner__portal_id__in=live)
    return list(rows.values_list("learner__portal_id", flat=True).distinct())


def _waiting(*, now: datetime) -> QuerySet[ContactPush]:
    """Return the rows that may be worked on; one whose learner was unticked meanwhile may not."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    due = Q(not_before=None) | Q(not_before__lte=now)
    return ContactPush.objects.filter(free, due, state__in=OPEN, learner__sync_to_xero=True)


def unpark(*, portal_id: int) -> None:
    """Let rows that waited for a connection go now; what Xero refused stays refused."""
    ContactPush.objects.filter(learner__portal_id=portal_id, state__in=OPEN).update(
        not_before=None, claimed_until=None, attempts=0, problem=""
    )


def start_over(*, portal_id: int) -> None:
    """Let every learner go again: what is known of one organisation says nothing of another."""
    ContactPush.objects.filter(learner__portal_id=portal_id).update(
        state=PushState.PENDING,
        sent_digest=None,
        not_before=None,
        claimed_until=None,
        attempts=0,
        problem="",
    )
