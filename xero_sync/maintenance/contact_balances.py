"""Once a day: what each contact owes by Xero's own figure, held against the documents stored here.

Counts and sums are of lists that we read ourselves, so what a list hides they do not show. A
contact's balance is a figure that Xero works out without any list of ours: what is due on approved
sales invoices, less what is left of approved credits. It costs a call for 1,000 contacts.

Where it differs the documents of the contact are read anew, both figures are taken again, and what
differs then is kept, so that people can be shown whose it is. Balances are not converted by Xero,
so contacts who owe in more than one currency are left out. They say nothing of who owes nothing.
"""

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Sum, When

from connected_apps.models import Connection
from connected_apps.queries import live_connection_of, live_connections
from invoices.models import Contact, Document, Kind
from xero_sync.api import call_budget, json_codec, list_queries, rate_limiter, sessions
from xero_sync.jobs import leases, own_failures
from xero_sync.maintenance import contact_documents
from xero_sync.models import BalanceCheck, BalanceDifference, Cursor
from xero_sync.pull import pager
from xero_sync.resources import Resource
from xero_sync.runs import first_sync

logger = logging.getLogger(__name__)

EVERY = timedelta(days=1)
FIRST = timedelta(hours=2)
_LATER = timedelta(hours=1)
# Documents of so many contacts are read anew in a day; those of whom nothing is known yet first.
MOST_READ = 40
# So many failures without a success are taken for Xero's affair, and so many hours in a row.
IN_VAIN, _PATIENCE = 6, 3


@dataclass(frozen=True)
class _Balance:
    """What a contact's documents here add up to, where they are of one currency."""

    amount: Decimal = Decimal(0)
    currency: str = ""


class _Both(NamedTuple):
    """What a contact owes by its documents here, and by Xero."""

    here: _Balance
    theirs: Decimal

    @property
    def differ(self) -> bool:
        """Whether they are not the same."""
        return self.here.amount != self.theirs


def begin(*, organisation_id: int, now: datetime) -> None:
    """Make sure that an organisation's balances are compared from now on."""
    BalanceCheck.objects.get_or_create(
        organisation_id=organisation_id, defaults={"not_before": now + FIRST}
    )


def waiting_organisations(*, now: datetime) -> list[int]:
    """Return the connected organisations whose balances are due and nobody compares."""
    live = live_connections().values("organisation_id")
    due = BalanceCheck.objects.filter(leases.takeable(BalanceCheck, now), organisation_id__in=live)
    return list(due.values_list("organisation_id", flat=True))


def compare(*, organisation_id: int, clock: leases.Clock) -> None:
    """Compare the balances of an organisation that are due."""
    connection = live_connection_of(organisation_id=organisation_id)
    known = BalanceCheck.objects.filter(organisation_id=organisation_id).first()
    if connection is None or connection.organisation is None or known is None:
        return
    row = leases.take(BalanceCheck, known.pk, now=clock())
    if row is None:
        return
    calls, _ = call_budget.of_readings_anew(tenant_id=connection.organisation.tenant_id)
    with leases.working_on(
        row, organisation_id=organisation_id, clock=clock, no_sooner=lambda error: _LATER
    ) as turn:
        turn.changes = {"not_before": clock() + _LATER}
        if calls and not first_sync.is_unfinished(organisation_id):
            compared_count = _Comparing(row, connection, clock).compare()
            now = clock()
            turn.changes = {
                "not_before": now + EVERY,
                "checked_at": now,
                "compared_count": compared_count,
            }


class _Comparing:
    """One comparison, by the worker that has leased it."""

    def __init__(self, row: BalanceCheck, connection: Connection, clock: leases.Clock) -> None:
        self._row = row
        self._organisation_id = row.organisation_id
        self._session = sessions.of(connection, lane=rate_limiter.Lane.BULK)
        self._clock = clock

    def compare(self) -> int:
        """Compare all contacts, mend what differs, keep the rest; return how many were compared."""
        compared_count = 0
        differing: set[UUID] = set()
        contacts = Cursor.objects.filter(
            organisation_id=self._organisation_id, resource=Resource.CONTACT
        )
        for page in pager.pages(
            self._session,
            list_queries.Listing(resource=Resource.CONTACT),
            page_size=contacts.get().page_size,
            has_failed=self._row.attempts > 0,
        ):
            leases.renew(self._row, now=self._clock())
            found = self._compared(page.elements)
            compared_count += len(found)
            differing |= {one for one, both in found.items() if both.differ}
        read = self._most_urgent(differing)
        found = self._read_anew(read)
        stands = {one: both for one, both in found.items() if both.differ}
        self._keep(stands, not_read=differing.difference(read))
        return compared_count

    def _compared(self, elements: Iterable[Any]) -> dict[UUID, _Both]:
        """Return both figures of the contacts that can be compared and owe or are owed anything."""
        theirs = dict(filter(None, map(_outstanding, elements)))
        ours = _balances_here(self._organisation_id, list(theirs))
        return {
            contact_id: _Both(here, amount)
            for contact_id, amount in theirs.items()
            if (here := ours.get(contact_id, _Balance())) and (amount or contact_id in ours)
        }

    def _most_urgent(self, differing: set[UUID]) -> list[UUID]:
        """Return whose documents to read anew: whom nothing is known of, then the longest known."""
        known = BalanceDifference.objects.filter(organisation_id=self._organisation_id)
        order = list(known.order_by("compared_at").values_list("contact_xero_id", flat=True))
        fresh = differing.difference(order)
        return [*sorted(fresh), *(one for one in order if one in differing)][:MOST_READ]

    def _read_anew(self, contact_ids: Sequence[UUID]) -> dict[UUID, _Both]:
        """Read the documents of contacts anew, and return both figures as they are then.

        :raises Exception: what failed last, where nothing could be read and that may be Xero's
            affair.
        """
        found: dict[UUID, _Both] = {}
        for some in self._read_documents(contact_ids):
            found |= self._compared(self._session.by_ids(Resource.CONTACT, some).elements)
            leases.renew(self._row, now=self._clock())
        return found

    def _read_documents(self, contact_ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
        """Yield contacts when their documents are read anew, or cannot be.

        What fails together is read by halves, so that a contact whose documents Xero cannot give
        keeps no other from being mended. Its own figures are compared as they are.
        """
        reader = contact_documents.Reader(
            self._session, self._organisation_id, self._row, self._clock
        )
        failed, has_read = 0, False
        most = contact_documents.MOST_CONTACTS
        waiting = deque(contact_ids[at : at + most] for at in range(0, len(contact_ids), most))
        while waiting:
            some = waiting.popleft()
            try:
                reader.read(some)
                has_read = True
            except Exception as error:
                failed += 1
                is_vain = not has_read and (len(some) == 1 or failed >= IN_VAIN)
                may_wait = self._row.attempts < _PATIENCE
                if not own_failures.may_be_its_own(error) or (is_vain and may_wait):
                    raise
                leases.renew(self._row, now=self._clock())
                if len(some) > 1:
                    waiting.extend(own_failures.halves(some))
                    continue
                logger.warning("Could not read the documents of contact %s anew", some[0])
            yield some

    def _keep(self, stands: Mapping[UUID, _Both], *, not_read: set[UUID]) -> None:
        """Keep what differs although it was read anew, and forget what agrees now."""
        organisation_id, now = self._organisation_id, self._clock()
        contacts = Contact.objects.filter(organisation_id=organisation_id, xero_id__in=list(stands))
        names = dict(contacts.values_list("xero_id", "name"))
        kept = BalanceDifference.objects.filter(organisation_id=organisation_id)
        with transaction.atomic():
            self._session.check_generation()
            leases.renew(self._row, now=now)
            kept.exclude(contact_xero_id__in=not_read.union(stands)).delete()
            for contact_id, both in stands.items():
                changes = {
                    "name": names.get(contact_id, ""),
                    "currency": both.here.currency,
                    "ours": both.here.amount,
                    "theirs": both.theirs,
                    "compared_at": now,
                }
                BalanceDifference.objects.update_or_create(
                    organisation_id=organisation_id,
                    contact_xero_id=contact_id,
                    defaults=changes,
                    create_defaults={**changes, "found_at": now},
                )
        if stands:
            logger.warning(
                "What %s contacts of organisation %s owe is not what Xero says",
                len(stands),
                organisation_id,
            )


def _outstanding(element: Any) -> tuple[UUID, Decimal] | None:
    """Return a contact and what it owes in Xero; None where that cannot be read."""
    if not isinstance(element, dict):
        return None
    contact_id = json_codec.uuid_or_none(element.get("ContactID"))
    try:
        side = (element.get("Balances") or {}).get("AccountsReceivable") or {}
        amount = Decimal(str(side.get("Outstanding", 0)))
    except (AttributeError, InvalidOperation):
        return None
    return (contact_id, amount) if contact_id and amount.is_finite() else None


def _balances_here(
    organisation_id: int, contact_ids: Sequence[UUID]
) -> dict[UUID, _Balance | None]:
    """Return what contacts owe by their documents here; None where it is in several currencies.

    Contacts without an approved document are left out.
    """
    signed = Case(When(kind=Kind.INVOICE, then=F("amount_due")), default=-F("amount_due"))
    sums = (
        Document.objects.filter(
            organisation_id=organisation_id, contact_xero_id__in=contact_ids, status="AUTHORISED"
        )
        .order_by()
        .values_list("contact_xero_id", "currency")
        .annotate(owed=Sum(signed))
    )
    found: dict[UUID, _Balance | None] = {}
    for contact_id, currency, owed in sums:
        if contact_id is not None:
            found[contact_id] = None if contact_id in found else _Balance(owed, currency)
    return found
