"""Acting on events: what they name is fetched, many at once, and written if it is newer.

One worker at a time fetches for an organisation (its inbox is leased); what arrives meanwhile
piles up and is fetched together next, so a burst of events costs few calls. Several events on one
resource are one fetch. Events are marked done in the transaction that stores what they named.

The inbox waits (`not_before`) for two reasons: something failed for all (`attempts` says how often
in a row), or it throttles a trickle (`attempts` is 0). Whoever sets it also comes back then. A
single event that cannot be fetched, or is the echo of our own write (`event_echoes`), waits by a
`not_before` of its own.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from connected_apps.queries import live_connection_of, live_connections
from xero_sync import resources
from xero_sync.api import call_budget, client, rate_limiter, sessions
from xero_sync.jobs import dispatch, leases, own_failures, sweep_schedule
from xero_sync.models import EventState, Inbox, WebhookEvent
from xero_sync.webhooks import event_bursts, event_echoes, event_fetcher, event_throttle

logger = logging.getLogger(__name__)

# A payment names no document. One modified-since call for each of these finds what it touched.
_TOUCHED_BY_PAYMENT = resources.DOCUMENTS
AT_MOST = 2000
_IS_PENDING = Q(state=EventState.PENDING)


def fetch_pending(*, organisation_id: int, clock: leases.Clock) -> timedelta | None:
    """Fetch what an organisation's pending events name; return when to come back, if needed."""
    connection = live_connection_of(organisation_id=organisation_id)
    if connection is None:
        return None
    known, _ = Inbox.objects.get_or_create(organisation_id=organisation_id)
    inbox = leases.take(Inbox, known.pk, now=clock())
    if inbox is None:
        return None
    if connection.organisation is not None:
        inbox.organisation = connection.organisation
    session, pause = sessions.of(connection, lane=rate_limiter.Lane.PEOPLE), None
    with leases.working_on(inbox, organisation_id=organisation_id, clock=clock) as turn:
        pause = _fetch_until_pause(session, inbox, clock)
        turn.changes["not_before"] = clock() + pause if pause else None
    if pause or not turn.went_well:
        return pause or turn.delay
    # What was stored between the last look and the release found the inbox leased.
    now = clock()
    pending = WebhookEvent.objects.filter(_IS_PENDING, organisation_id=organisation_id)
    next_at = pending.aggregate(first=Min(Coalesce("not_before", Value(now))))["first"]
    return None if next_at is None else max(timedelta(0), next_at - now)


def waiting_organisations(*, now: datetime) -> list[int]:
    """Return the connected organisations with events that are due and nobody fetches."""
    live = live_connections().values("organisation_id")
    busy = Inbox.objects.exclude(leases.takeable(Inbox, now)).values("organisation_id")
    free = _due(now).filter(organisation_id__in=live).exclude(organisation_id__in=busy)
    return [pk for pk in free.values_list("organisation_id", flat=True).distinct() if pk]


def wake_for_pending(*, organisation_id: int) -> None:
    """Have fetched what was left to be fetched, where there is anything."""
    if WebhookEvent.objects.filter(_IS_PENDING, organisation_id=organisation_id).exists():
        dispatch.FETCH_EVENTS.wake(organisation_id)


def start_again(*, organisation_id: int) -> None:
    """Fetch now, whatever stood in the way: the connection was made anew."""
    Inbox.objects.filter(organisation_id=organisation_id).update(
        not_before=None, leased_until=None, attempts=0
    )
    wake_for_pending(organisation_id=organisation_id)


def _fetch_until_pause(
    session: sessions.Session, inbox: Inbox, clock: leases.Clock
) -> timedelta | None:
    """Fetch until nothing is due, or until events are throttled; return for how long."""
    mine = {"organisation_id": inbox.organisation_id}
    while pending := list(_due(clock()).filter(**mine).order_by("id")[:AT_MOST]):
        before = session.calls_made
        pause = call_budget.of_events(tenant_id=inbox.organisation.tenant_id)
        try:
            _act_on(session, inbox, pending, pause, clock)
        finally:
            made = session.calls_made - before
            wait = event_throttle.spend(inbox, calls=made, pause=pause, now=clock())
            leases.renew(inbox, now=clock(), spent=inbox.spent, spent_at=inbox.spent_at)
        if made and wait:
            return wait
    return None


def _due(now: datetime) -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(_IS_PENDING, Q(not_before=None) | Q(not_before__lte=now))


def _act_on(
    session: sessions.Session,
    inbox: Inbox,
    pending: list[WebhookEvent],
    pause: timedelta,
    clock: leases.Clock,
) -> None:
    # What failed before is asked for apart from what is new.
    by_category: dict[tuple[str, bool], list[WebhookEvent]] = {}
    for event in pending:
        by_category.setdefault((event.category, event.attempts > 0), []).append(event)
    for (category, _), named in by_category.items():
        resource = resources.BY_CATEGORY.get(category)
        if resource is None:
            _leave_to_sweep(inbox.organisation_id, named, pause, clock())
            continue
        named = event_echoes.put_off(resource, named, organisation=inbox.organisation, now=clock())
        fetcher = event_fetcher.Fetcher(session, inbox, resource, clock)
        if event_bursts.is_burst(resource, named, now=clock()):
            named = _list(fetcher, named)
        for ids in client.batches(resource, [e.resource_id for e in named if e.resource_id]):
            fetcher.fetch(ids, named)


def _list(fetcher: event_fetcher.Fetcher, named: list[WebhookEvent]) -> list[WebhookEvent]:
    """List and store what a burst of events names; return those that are still to be fetched."""
    try:
        for page in event_bursts.pages(fetcher.session, fetcher.resource, named):
            found = event_bursts.ids_of(fetcher.resource, page)
            settled = [event for event in named if event.resource_id in found]
            fetcher.store(page, settled)
            named = [event for event in named if event.resource_id not in found]
            if not named:
                break
    except Exception as error:
        # One document may spoil a list; by name it is found, or the failure turns out everybody's.
        if not own_failures.may_be_its_own(error):
            raise
        logger.info("A list for a burst of events failed: %s", type(error).__name__)
    return named


def _leave_to_sweep(
    organisation_id: int, settled: Sequence[WebhookEvent], pause: timedelta, now: datetime
) -> None:
    """Let what a payment may have touched be swept soon; as a trickle, no faster than events."""
    with transaction.atomic():
        sweep_schedule.make_due_soon(
            organisation_id=organisation_id,
            now=now,
            resources=_TOUCHED_BY_PAYMENT,
            apart=len(_TOUCHED_BY_PAYMENT) * pause,
        )
        WebhookEvent.objects.filter(pk__in=[event.pk for event in settled]).update(
            state=EventState.DONE, settled_at=now
        )
