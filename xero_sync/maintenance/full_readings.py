"""Open documents are read anew in turn, although nothing says that they changed.

Some changes in Xero move no UpdatedDateUTC and are announced by no webhook: a due date of an
invoice that is paid in part. No sweep and no count ever shows them. So what is open, that is
neither paid nor voided nor deleted, is asked for by its ids all day long, what was read longest ago
first, with a small share of the day's calls. At 5,000 calls a day that is 9,600 invoices a day.

`read_at` of a document says when that was: it is marked although nothing changed. A list of a run
or a sweep leaves it alone where nothing did, so a document was read then or later.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from connected_apps.models import Connection
from connected_apps.queries import live_connection_of, live_connections
from invoices.models import Document, ReadBy
from xero_sync import fetched_pages, resources
from xero_sync.api import call_budget, client, errors, rate_limiter, sessions
from xero_sync.jobs import leases
from xero_sync.models import FullReading
from xero_sync.resources import Resource
from xero_sync.runs import first_sync

logger = logging.getLogger(__name__)

# What was read since is not asked for again.
RECENT = timedelta(hours=12)
# Everything was just read when a connection is new.
FIRST = timedelta(hours=1)
# Nothing of these is to be paid or used any more.
_CLOSED = ("PAID", "VOIDED", "DELETED")


def begin(*, organisation_id: int, now: datetime) -> None:
    """Make sure that an organisation's open documents are read anew from now on."""
    FullReading.objects.get_or_create(
        organisation_id=organisation_id, defaults={"not_before": now + FIRST}
    )


def waiting_organisations(*, now: datetime) -> list[int]:
    """Return the connected organisations whose next round is due and nobody does."""
    live = live_connections().values("organisation_id")
    due = FullReading.objects.filter(leases.takeable(FullReading, now), organisation_id__in=live)
    return list(due.values_list("organisation_id", flat=True))


def read(*, organisation_id: int, clock: leases.Clock) -> None:
    """Do a round that is due: read anew as many as the day's calls allow."""
    connection = live_connection_of(organisation_id=organisation_id)
    known = FullReading.objects.filter(organisation_id=organisation_id).first()
    if connection is None or connection.organisation is None or known is None:
        return
    row = leases.take(FullReading, known.pk, now=clock())
    if row is None:
        return
    tenant_id = connection.organisation.tenant_id
    calls, apart = call_budget.of_readings_anew(tenant_id=tenant_id)
    with leases.working_on(
        row, organisation_id=organisation_id, clock=clock, no_sooner=lambda error: apart
    ) as turn:
        turn.changes = {"not_before": clock() + apart}
        # What it is still to read is not read twice.
        if not first_sync.is_unfinished(organisation_id):
            _read_round(row, connection, calls, clock)


def _read_round(row: FullReading, connection: Connection, calls: int, clock: leases.Clock) -> None:
    session = sessions.of(connection, lane=rate_limiter.Lane.BULK)
    before = clock() - RECENT
    for resource in _oldest_first(row.organisation_id, before):
        left = calls - session.calls_made
        if left <= 0:
            return
        ids = _choose(row, resource, before, most=left * client.most_ids(resource))
        for batch in client.batches(resource, ids):
            _read_batch(session, row, resource, batch, clock)
        leases.renew(row, now=clock(), asked_through=row.asked_through)
        logger.info("Read %s %s of %s anew", len(ids), resource, row.organisation_id)


def _oldest_first(organisation_id: int, before: datetime) -> list[Resource]:
    """Return the kinds of which something is due, that with the oldest reading first."""
    oldest = dict(
        _open(organisation_id, before).values_list("kind").annotate(oldest=Min("read_at"))
    )
    due = [one for one in resources.DOCUMENTS if resources.of(one).kind in oldest]
    return sorted(due, key=lambda one: oldest[str(resources.of(one).kind)])


def _choose(row: FullReading, resource: Resource, before: datetime, *, most: int) -> Sequence[UUID]:
    """Choose documents to ask for, and note in the row, unsaved, how far that goes."""
    kind = str(resources.of(resource).kind)
    due = _open(row.organisation_id, before).filter(kind=kind).order_by("read_at", "pk")
    if kind in row.asked_through:
        read_at, pk = row.asked_through[kind]
        due = due.filter(Q(read_at__gt=read_at) | Q(read_at=read_at, pk__gt=pk))
    chosen = list(due.values_list("xero_id", "read_at", "pk")[:most])
    if len(chosen) < most:
        row.asked_through.pop(kind, None)
    else:
        _, read_at, pk = chosen[-1]
        row.asked_through[kind] = [read_at.isoformat(), pk]
    return [xero_id for xero_id, _, _ in chosen]


def _open(organisation_id: int, before: datetime) -> QuerySet[Document]:
    return Document.objects.filter(organisation_id=organisation_id, read_at__lt=before).exclude(
        status__in=_CLOSED
    )


def _read_batch(
    session: sessions.Session,
    row: FullReading,
    resource: Resource,
    ids: Sequence[UUID],
    clock: leases.Clock,
) -> None:
    try:
        page = session.by_ids(resource, ids)
    except errors.NotFound:
        return
    organisation_id, now = row.organisation_id, clock()
    with transaction.atomic():
        leases.renew(row, now=now)
        fetched_pages.store(
            session,
            organisation_id=organisation_id,
            resource=resource,
            page=page,
            by=ReadBy.SWEEP,
            now=now,
            confirm=True,
        )
