"""Open documents are read anew in turn, although nothing says that they changed.

Some changes in Xero move no UpdatedDateUTC and are announced by no webhook: a due date of an
invoice that is paid in part. No sweep and no count ever shows them. So what is open, that is
neither paid nor voided nor deleted, is asked for by its ids all day long, what was read longest ago
first, with a small share of the day's calls. At 5,000 calls a day that is 9,600 invoices a day.

`read_at` of a document says when that was: it is marked although nothing changed. A list of a run
or a sweep leaves it alone where nothing did, so a document was read then or later.
"""

import logging
import random
from collections import deque
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
from xero_sync.jobs import leases, own_failures
from xero_sync.models import FullReading
from xero_sync.resources import Resource
from xero_sync.runs import first_sync

logger = logging.getLogger(__name__)

# What was read since is not asked for again.
RECENT = timedelta(hours=12)
# Everything was just read when a connection is new.
FIRST = timedelta(hours=1)
# So many failures without a single success are Xero's affair rather than a document's.
IN_VAIN = 6
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
    """Read of every kind that is due what the calls allow.

    :raises Exception: what failed last, where nothing at all could be read.
    """
    session = sessions.of(connection, lane=rate_limiter.Lane.BULK)
    before = clock() - RECENT
    has_read, failure = False, None
    for resource in _oldest_first(row.organisation_id, before):
        left = calls - session.calls_made
        if left <= 0:
            break
        came = dict(row.asked_through)
        ids = _choose(row, resource, before, most=left * client.most_ids(resource))
        reading = _Reading(session, row, resource, calls, clock)
        reading.read(ids)
        has_read |= reading.has_read
        if reading.failure is not None and not reading.has_read:
            # It may be Xero that gives nothing; then all of these are still to be asked for.
            row.asked_through, failure = came, reading.failure
        leases.renew(row, now=clock(), asked_through=row.asked_through)
        logger.info("Read %s %s of %s anew", len(ids), resource, row.organisation_id)
    if failure is not None and not has_read:
        raise failure


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


class _Reading:
    """The documents of one kind in a round; what fails together is asked for by halves.

    So a document that Xero cannot give keeps no other from being read. Halves cost calls of the
    round, and which of the ids are in one is left to chance: where a round has few calls, the next
    one should find another part that can be read. What no call was left for is asked for once more
    when all others have been.
    """

    def __init__(
        self,
        session: sessions.Session,
        row: FullReading,
        resource: Resource,
        calls: int,
        clock: leases.Clock,
    ) -> None:
        self.has_read = False
        self.failure: Exception | None = None
        self._session = session
        self._row = row
        self._resource = resource
        self._calls = calls
        self._clock = clock

    def read(self, ids: Sequence[UUID]) -> None:
        """Read and store documents, as far as the calls go.

        :raises Exception: Xero, the connection or a limit stands in the way of all.
        """
        failed = 0
        waiting: deque[Sequence[UUID]] = deque(client.batches(self._resource, ids))
        while waiting and self._session.calls_made < self._calls:
            some = waiting.popleft()
            try:
                self._read_batch(some)
                self.has_read = True
            except Exception as error:
                if not own_failures.may_be_its_own(error):
                    raise
                self.failure, failed = error, failed + 1
                if failed >= IN_VAIN and not self.has_read:
                    return
                if len(some) == 1:
                    told = (self._resource, some[0], type(error).__name__)
                    logger.warning("Could not read one of %s anew: %s (%s)", *told)
                else:
                    waiting.extend(own_failures.halves(random.sample(list(some), len(some))))
                leases.renew(self._row, now=self._clock())

    def _read_batch(self, ids: Sequence[UUID]) -> None:
        try:
            page = self._session.by_ids(self._resource, ids)
        except errors.NotFound:
            return
        organisation_id, now = self._row.organisation_id, self._clock()
        with transaction.atomic():
            leases.renew(self._row, now=now)
            fetched_pages.store(
                self._session,
                organisation_id=organisation_id,
                resource=self._resource,
                page=page,
                by=ReadBy.SWEEP,
                now=now,
                confirm=True,
            )
