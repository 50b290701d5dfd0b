"""Acting once more on events that are stored, because a person says from when to when.

What they name is fetched again, so nothing can be made worse by it: only newer versions are
written. Several events on one document are one fetch, what waits already is left as it is, and
there is a bound, since each fetch is a call. Events that came while nothing was connected belong to
no organisation; they are acted on for the one that has their tenant now, as events of its own.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from connected_apps import audit
from connected_apps.errors import NotConnected
from connected_apps.models import XERO, Connection, Organisation
from connected_apps.states.states import LIVE
from lrm.models import Portal, User
from xero_sync import resources
from xero_sync.api import client, limits
from xero_sync.jobs import dispatch
from xero_sync.models import EventState, WebhookEvent
from xero_sync.webhooks import deliveries

# Of the calls of a day.
MOST_SHARE = 0.1


@dataclass(frozen=True)
class SecondAct:
    """What acting again comes to.

    :param events: how many were received in the time, whatever they name.
    :param fetched: how many documents and contacts are fetched again; payments are one of them.
    :param waiting: how many of what they name wait to be fetched already.
    """

    events: int
    fetched: int
    waiting: int
    calls: int


class TooMany(Exception):
    """So many would be fetched that too few calls were left for the rest of the day."""

    def __init__(self, calls: int, most: int) -> None:
        super().__init__(f"{calls} calls, at most {most}")
        self.calls, self.most = calls, most


def act_again(
    *, portal: Portal, since: datetime, until: datetime, by: User, now: datetime
) -> SecondAct:
    """Have fetched again what the events received from `since` to before `until` name.

    :raises connected_apps.errors.NotConnected: the portal is not connected.
    :raises TooMany: nothing was done; a shorter time may do.
    """
    with transaction.atomic():
        organisation = _locked_organisation(portal)
        received = WebhookEvent.objects.filter(
            delivery__isnull=False,
            category__in=deliveries.ACTED_ON,
            resource_id__isnull=False,
            received_at__gte=since,
            received_at__lt=until,
        )
        ours = received.filter(organisation=organisation)
        orphans = _orphans(received, organisation)
        waiting = _named(
            WebhookEvent.objects.filter(organisation=organisation, state=EventState.PENDING)
        )
        again = _newest(ours, without=waiting)
        adopted = _newest(orphans, without={*waiting, *again})
        named = [*again, *adopted]
        found = SecondAct(
            events=ours.count() + orphans.count(),
            fetched=len(named),
            waiting=len(_named(ours) & waiting),
            calls=calls_of(named),
        )
        most = int(limits.from_settings().day * MOST_SHARE)
        if found.calls > most:
            raise TooMany(found.calls, most)
        _queue(organisation, list(again.values()), list(adopted.values()))
        if found.fetched:
            _record(organisation, found, since, until, by=by, now=now)
            dispatch.FETCH_EVENTS.wake(organisation.pk)
    return found


def _locked_organisation(portal: Portal) -> Organisation:
    """Return the connected organisation, with its connection locked until the transaction ends.

    So one request comes after the other, and a double click finds what the first left waiting.

    :raises connected_apps.errors.NotConnected: there is none.
    """
    found = Connection.objects.select_for_update(of=("self",)).select_related("organisation")
    connection = found.filter(portal=portal, app=XERO, state__in=LIVE).first()
    if connection is None or connection.organisation is None:
        raise NotConnected
    return connection.organisation


def calls_of(named: Iterable[tuple[str, object]]) -> int:
    """Return how many calls it takes to fetch what events name, by category and id."""
    counts = Counter(category for category, _ in named)
    return sum(
        # A payment names no document: every kind is swept.
        math.ceil(count / client.most_ids(resource)) if resource else len(resources.DOCUMENTS)
        for category, count in counts.items()
        for resource in [resources.BY_CATEGORY.get(category)]
    )


def _orphans(
    received: QuerySet[WebhookEvent], organisation: Organisation
) -> QuerySet[WebhookEvent]:
    """Return events of the organisation's tenant that were nobody's, and have no twin of its."""
    twins = WebhookEvent.objects.filter(
        organisation=organisation,
        delivery=OuterRef("delivery"),
        category=OuterRef("category"),
        resource_id=OuterRef("resource_id"),
    )
    unowned = received.filter(organisation=None, tenant_id=organisation.tenant_id)
    return unowned.filter(~Exists(twins))


_Key = tuple[str, object]


def _named(events: QuerySet[WebhookEvent]) -> set[_Key]:
    return {_key(*row) for row in events.order_by().values_list("category", "resource_id")}


def _key(category: str, resource_id: object) -> _Key:
    """Return what is fetched for an event; all payments ask for the same."""
    return category, None if category not in resources.BY_CATEGORY else resource_id


def _newest(events: QuerySet[WebhookEvent], *, without: Iterable[_Key]) -> dict[_Key, int]:
    """Return the id of the newest event of each thing that is named."""
    rows = events.order_by("pk").values_list("category", "resource_id", "pk")
    newest = {_key(category, named): pk for category, named, pk in rows}
    left_out = set(without)
    return {key: pk for key, pk in newest.items() if key not in left_out}


def _queue(organisation: Organisation, again: list[int], adopted: list[int]) -> None:
    """Let these wait to be fetched; those of nobody as events of the organisation's own."""
    fresh = {
        "state": EventState.PENDING,
        "attempts": 0,
        "not_before": None,
        "settled_at": None,
        "note": "",
    }
    WebhookEvent.objects.filter(pk__in=again).exclude(state=EventState.PENDING).update(**fresh)
    twins = [
        deliveries.for_another(event, organisation.pk)
        for event in WebhookEvent.objects.filter(pk__in=adopted)
    ]
    for twin in twins:
        for name, value in fresh.items():
            setattr(twin, name, value)
    WebhookEvent.objects.bulk_create(twins, batch_size=1000)


def _record(
    organisation: Organisation,
    found: SecondAct,
    since: datetime,
    until: datetime,
    *,
    by: User,
    now: datetime,
) -> None:
    zone = organisation.portal.zone
    first, last = (f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (since, until))
    audit.record(
        portal=organisation.portal,
        app=XERO,
        action="EVENTS_ACTED_ON_AGAIN",
        by=by,
        now=now,
        detail=f"{found.events:,} received from {first} to {last}: {found.fetched:,} fetched again",
        organisation_name=organisation.name,
    )
