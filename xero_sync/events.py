"""Acting on events: what they name is fetched, many at once, and written if it is newer.

One worker at a time fetches for an organisation (its inbox is claimed); what arrives meanwhile
piles up and is fetched together next, so a storm of events costs few calls. Several events on one
resource are one fetch. Events are settled in the transaction that stores what they named.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from connected_apps.queries import live_connections
from xero_sync import (
    calls,
    channel,
    claims,
    client,
    errors,
    following,
    limiter,
    parking,
    replies,
    retrying,
    storing,
    storms,
    sweeps,
)
from xero_sync.models import Event, EventState, Inbox, Resource

logger = logging.getLogger(__name__)

# A payment names no document. One modified-since call for each of these finds what it touched.
_TOUCHED_BY_PAYMENT = (
    Resource.INVOICE,
    Resource.CREDIT_NOTE,
    Resource.OVERPAYMENT,
    Resource.PREPAYMENT,
)
AT_MOST = 2000


def fetch_pending(*, organisation_id: int, clock: claims.Clock) -> timedelta | None:
    """Fetch what an organisation's pending events name; return when to come back, if needed."""
    link = live_connections().filter(organisation_id=organisation_id).first()
    if link is None:
        return None
    inbox, _ = Inbox.objects.get_or_create(organisation_id=organisation_id)
    if inbox.not_before and inbox.not_before > clock():
        return None
    if claims.claim(Inbox, inbox.pk, now=clock()) is None:
        return None
    session = calls.Session(
        connection_id=link.pk, generation=link.generation, lane=limiter.Lane.PEOPLE
    )
    try:
        while pending := _pending(organisation_id):
            _act_on(session, organisation_id, pending, clock)
    except Exception as error:
        retry = retrying.after(error, attempts=inbox.attempts)
        parking.park(organisation_id=organisation_id, error=error, now=clock())
        Inbox.objects.filter(pk=inbox.pk).update(
            claimed_until=None, not_before=clock() + retry.delay, attempts=inbox.attempts + 1
        )
        return retry.delay
    Inbox.objects.filter(pk=inbox.pk).update(claimed_until=None, not_before=None, attempts=0)
    # What was stored between the last look and the release found the inbox claimed.
    return timedelta(0) if _pending(organisation_id) else None


def _pending(organisation_id: int) -> list[Event]:
    waiting = Event.objects.filter(organisation_id=organisation_id, state=EventState.PENDING)
    return list(waiting.order_by("id")[:AT_MOST])


def _act_on(
    session: calls.Session, organisation_id: int, pending: list[Event], clock: claims.Clock
) -> None:
    by_category: dict[str, list[Event]] = {}
    for event in pending:
        by_category.setdefault(event.category, []).append(event)
    for category, named in by_category.items():
        resource = channel.CATEGORIES.get(category)
        if resource is None:
            _leave_to_sweep(organisation_id, named, clock())
            continue
        if storms.is_storm(resource, named, now=clock()):
            named = _list(session, organisation_id, resource, named, clock)
        for ids in client.batches(resource, [e.resource_id for e in named if e.resource_id]):
            wanted = set(ids)
            settled = [event for event in named if event.resource_id in wanted]
            _fetch(session, organisation_id, resource, ids, settled, clock)


def _list(
    session: calls.Session,
    organisation_id: int,
    resource: Resource,
    named: list[Event],
    clock: claims.Clock,
) -> list[Event]:
    """List and store what a storm of events names; return those that are still to be fetched."""
    for page in storms.pages(session, resource, named):
        found = storms.ids_of(resource, page)
        settled = [event for event in named if event.resource_id in found]
        _store(session, organisation_id, resource, page, settled, clock)
        named = [event for event in named if event.resource_id not in found]
        if not named:
            break
    return named


def _fetch(
    session: calls.Session,
    organisation_id: int,
    resource: Resource,
    ids: Sequence[UUID],
    settled: list[Event],
    clock: claims.Clock,
) -> None:
    """Fetch and store what the events name, and settle them.

    What Xero rejects is asked for one by one, so that one strange id holds up nobody else's.
    """
    try:
        page = _page_of(session, resource, ids)
    except errors.Rejected as error:
        if len(ids) == 1:
            _settle(settled, clock(), EventState.IGNORED, note=f"Xero rejects it: {error.message}")
            return
        for one in ids:
            own = [event for event in settled if event.resource_id == one]
            _fetch(session, organisation_id, resource, [one], own, clock)
        return
    _store(session, organisation_id, resource, page, settled, clock)


def _store(
    session: calls.Session,
    organisation_id: int,
    resource: Resource,
    page: replies.Page | None,
    settled: list[Event],
    clock: claims.Clock,
) -> None:
    """Store a page and settle the events that named what is on it, in one transaction."""
    with transaction.atomic():
        session.check_generation()
        if page is not None:
            written = storing.store(
                organisation_id=organisation_id, resource=resource, page=page, now=clock()
            )
            following.follow(organisation_id=organisation_id, written=written, now=clock())
        _settle(settled, clock())
        Inbox.objects.filter(organisation_id=organisation_id).update(
            claimed_until=clock() + claims.LEASE
        )


def _page_of(
    session: calls.Session, resource: Resource, ids: Sequence[UUID]
) -> replies.Page | None:
    """Fetch the named elements; None where Xero says that none is there (a bill's stub, say).

    One alone is asked for as a list too: Xero's answer to a single GET words a document otherwise
    than its lists do, and the next re-sync would count it as changed though nothing was.
    """
    try:
        return session.by_ids(resource, ids)
    except errors.NotFound:
        return None


def _settle(
    settled: list[Event], now: datetime, state: EventState = EventState.DONE, *, note: str = ""
) -> None:
    Event.objects.filter(pk__in=[event.pk for event in settled]).update(
        state=state, settled_at=now, note=note[:300]
    )


def _leave_to_sweep(organisation_id: int, settled: list[Event], now: datetime) -> None:
    with transaction.atomic():
        sweeps.make_due(organisation_id=organisation_id, now=now, resources=_TOUCHED_BY_PAYMENT)
        _settle(settled, now)
