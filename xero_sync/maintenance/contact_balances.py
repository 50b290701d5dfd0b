"""Once a day: what each contact owes by Xero's own figure, held against the documents stored here.

Counts and sums are of lists that we read ourselves, so what a list hides they do not show. A
contact's balance is a figure that Xero works out without any list of ours: what is due on approved
sales invoices, less what is left of approved credits. It costs a call for 1,000 contacts.

Where it differs the documents of the contact are read anew, both figures are taken again, and what
differs then is kept, so that people can be shown whose it is. Balances are not converted by Xero,
so contacts who owe in more than one currency are left out. They say nothing of who owes nothing.

Where there are many contacts the calls of a minute do not reach. So a comparison keeps its place,
in the pages of contacts and in what is read anew after them, and goes on when the limiter says.
"""

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from connected_apps.models import Connection
from connected_apps.queries import live_connection_of, live_connections
from invoices.models import Contact
from xero_sync.api import call_budget, errors, rate_limiter, sessions
from xero_sync.jobs import leases, own_failures
from xero_sync.maintenance import balance_figures, balance_walk, contact_documents
from xero_sync.models import BalanceCheck, BalanceDifference
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
        if (
            calls
            and not first_sync.is_unfinished(organisation_id)
            and _Comparing(row, connection, clock).compare()
        ):
            now = clock()
            turn.changes = {
                **balance_walk.NOT_BEGUN,
                "not_before": now + EVERY,
                "checked_at": now,
                "compared_count": row.walked_count,
            }


class _Comparing:
    """A turn of a comparison, by the worker that has leased it."""

    def __init__(self, row: BalanceCheck, connection: Connection, clock: leases.Clock) -> None:
        self._row = row
        self._organisation_id = row.organisation_id
        self._session = sessions.of(connection, lane=rate_limiter.Lane.BULK)
        self._clock = clock

    def compare(self) -> bool:
        """Go on with the comparison; return whether it is done, or waits for calls of a limit.

        :raises Exception: what stands in the way, at the place that is kept.
        """
        came = self._place
        try:
            self._go_on()
        except errors.RateLimited as error:
            if error.kind == "day":
                raise
            until = self._clock() + self._wait(error, is_further=self._place != came)
            # To wait for calls is no failure: what has failed before still counts.
            leases.update_leased(self._row, leased_until=None, not_before=until)
            return False
        return True

    def _wait(self, error: errors.RateLimited, *, is_further: bool) -> timedelta:
        """Return how long to wait for calls: longer where this turn has spent some in vain."""
        delay = timedelta(seconds=error.retry_after)
        # Xero's own refusal was a call, too.
        spent = self._session.calls_made - (error.status is not None)
        return delay if is_further or not spent else max(delay, _LATER)

    @property
    def _place(self) -> tuple[int, int, bool, int]:
        row = self._row
        return row.next_page, row.page_size, row.is_walked, len(row.differing)

    def _go_on(self) -> None:
        """Compare all contacts, mend what differs, keep the rest."""
        balance_walk.begin_if_due(self._row, self._clock)
        if not self._row.is_walked:
            balance_walk.go_on(self._session, self._row, self._clock)
            self._choose()
        for some, has_read in self._read_documents([UUID(one) for one in self._row.differing]):
            elements = self._session.by_ids(Resource.CONTACT, some).elements
            self._keep(some, balance_figures.of_contacts(self._organisation_id, elements), has_read)

    def _choose(self) -> None:
        """End the walk: forget whose figures agree by now, and choose what to read anew."""
        differing = {UUID(one) for one in self._row.differing}
        chosen = [str(one) for one in self._most_urgent(differing)]
        with transaction.atomic():
            self._session.check_generation()
            # What failed so far was the list, which has come.
            changes = {"is_walked": True, "differing": chosen, "attempts": 0}
            balance_walk.change(self._row, self._clock, **changes)
            self._known().exclude(contact_xero_id__in=differing).delete()

    def _known(self) -> QuerySet[BalanceDifference]:
        return BalanceDifference.objects.filter(organisation_id=self._organisation_id)

    def _most_urgent(self, differing: set[UUID]) -> list[UUID]:
        """Return whose documents to read anew: whom nothing is known of, then the longest known."""
        known = self._known().order_by("compared_at")
        order = list(known.values_list("contact_xero_id", flat=True))
        fresh = differing.difference(order)
        return [*sorted(fresh), *(one for one in order if one in differing)][:MOST_READ]

    def _read_documents(self, contact_ids: Sequence[UUID]) -> Iterator[tuple[Sequence[UUID], bool]]:
        """Yield contacts when their documents are read anew, or cannot be; and which of the two.

        What fails together is read by halves, so that a contact whose documents Xero cannot give
        keeps no other from being mended. Its own figures are compared as they are.

        :raises Exception: what failed last, where nothing could be read and that may be Xero's
            affair.
        """
        reader = contact_documents.Reader(
            self._session, self._organisation_id, self._row, self._clock
        )
        failed, has_read_any = 0, False
        most = contact_documents.MOST_CONTACTS
        waiting = deque(contact_ids[at : at + most] for at in range(0, len(contact_ids), most))
        while waiting:
            some = waiting.popleft()
            has_read = False
            try:
                reader.read(some)
                has_read = has_read_any = True
            except Exception as error:
                failed += 1
                is_vain = not has_read_any and (len(some) == 1 or failed >= IN_VAIN)
                may_wait = self._row.attempts < _PATIENCE
                if not own_failures.may_be_its_own(error) or (is_vain and may_wait):
                    raise
                leases.renew(self._row, now=self._clock())
                if len(some) > 1:
                    waiting.extend(own_failures.halves(some))
                    continue
                logger.warning("Could not read the documents of contact %s anew", some[0])
            yield some, has_read

    def _keep(
        self,
        some: Sequence[UUID],
        found: Mapping[UUID, balance_figures.Both],
        has_read: bool,
    ) -> None:
        """Keep which of these differ although they were read anew, and forget which agree now."""
        now = self._clock()
        stands = {one: both for one, both in found.items() if both.differ}
        contacts = Contact.objects.filter(
            organisation_id=self._organisation_id, xero_id__in=list(stands)
        )
        names = dict(contacts.values_list("xero_id", "name"))
        done = {str(one) for one in some}
        changes: dict[str, Any] = {
            "differing": [one for one in self._row.differing if one not in done]
        }
        if has_read:
            changes["attempts"] = 0
        with transaction.atomic():
            self._session.check_generation()
            balance_walk.change(self._row, self._clock, **changes)
            self._known().filter(contact_xero_id__in=some).exclude(
                contact_xero_id__in=list(stands)
            ).delete()
            for contact_id, both in stands.items():
                figures = {
                    "name": names.get(contact_id, ""),
                    "currency": both.here.currency,
                    "ours": both.here.amount,
                    "theirs": both.theirs,
                    "compared_at": now,
                }
                BalanceDifference.objects.update_or_create(
                    organisation_id=self._organisation_id,
                    contact_xero_id=contact_id,
                    defaults=figures,
                    create_defaults={**figures, "found_at": now},
                )
        if stands:
            logger.warning(
                "What %s contacts of organisation %s owe is not what Xero says",
                len(stands),
                self._organisation_id,
            )
