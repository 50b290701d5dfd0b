"""The daily count: does Xero have exactly as many sales documents as are stored here?

One light call a kind. Two more hold everything that Xero has of the kind, without any filter,
against sales plus purchases, so that no filter of ours hides a document for ever. Where the numbers
of sales differ, halves of the calendar are counted until the differing weeks are found, and only
those are re-synced, by themselves: but not before the first sync has ended, and not while it stands
cancelled, since what is missing then is what it would read.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Max, Min, Q, QuerySet

from connected_apps.models import Connection
from xero_sync import resources
from xero_sync.api import errors, list_queries, sessions
from xero_sync.jobs import leases
from xero_sync.maintenance import contact_counts, count_bisection, failed_parts
from xero_sync.models import Cursor, DailyCheck
from xero_sync.pull import date_windows
from xero_sync.resources import Resource
from xero_sync.runs import comparison, first_sync, run_requests
from xero_sync.store import quarantine

logger = logging.getLogger(__name__)

EVERY = timedelta(days=1)


@dataclass(frozen=True)
class Count:
    """A count of an organisation's documents, by the worker that has leased its daily check."""

    session: sessions.Session
    connection: Connection
    daily: DailyCheck
    clock: leases.Clock

    def check(self, failed: failed_parts.FailedParts) -> list[int]:
        """Count every kind that is due; return the runs that were asked for to mend differences.

        :param failed: keeps what Xero will not count; that kind stays due.
        :raises errors.XeroError: Xero could not be asked; what is not counted yet stays due.
        :raises leases.LeaseLost: another worker counts.
        """
        asked: list[int] = []
        organisation_id, now = self.daily.organisation_id, self.clock()
        may_mend = not first_sync.is_unfinished(organisation_id)
        waiting = due(now=now).filter(organisation_id=organisation_id)
        for cursor in waiting.order_by("pk"):
            with failed.part():
                if cursor.resource == Resource.CONTACT:
                    contact_counts.ContactCount(self.session, self.daily, self.clock).check(
                        cursor, now
                    )
                else:
                    asked += self._check(cursor, now, may_mend=may_mend)
        return asked

    def _check(self, cursor: Cursor, now: datetime, *, may_mend: bool) -> list[int]:
        """Count one kind; return the runs that were asked for."""
        asked = []
        organisation_id, resource = self.daily.organisation_id, Resource(cursor.resource)
        whole = date_windows.Window(resource)
        not_given = quarantine.not_given(organisation_id, resource)
        # Accounted for as missing they would never be looked for again: by a re-sync of the weeks
        # that differ, or of what changed.
        due = [one for one in not_given if may_mend and one.is_due(now)]
        in_xero, here = self._in_xero(whole), _here(organisation_id, whole) - len(due)
        missing = quarantine.missing_count(organisation_id, resource) - len(due)
        if in_xero is not None and in_xero < here:
            beside = min(here - in_xero, len(not_given) - len(due))
            here, missing = here - beside, missing - beside
            here -= _forget_nameless(organisation_id, resource, here - in_xero)
        # Before anything is asked for: where this breaks off, all of it is done again.
        unknown = self._unknown(whole, in_xero)
        if in_xero is not None and may_mend:
            asked = self._mend(whole, in_xero, now) if in_xero != here else []
            if len(due) > max(0, in_xero - here):
                asked += self._look_for(due, now)
            quarantine.forget(due)
        Cursor.objects.filter(pk=cursor.pk).update(
            count_unknown=unknown,
            count_due_at=now + EVERY,
            counted_at=now,
            count_in_xero=in_xero,
            count_here=here,
            count_missing=missing,
        )
        logger.info(
            "Counted %s of organisation %s: %s, %s", resource, organisation_id, in_xero, here
        )
        return asked

    def _mend(self, whole: date_windows.Window, count: int, now: datetime) -> list[int]:
        """Ask for the windows in which counts differ to be read; return the runs that do."""
        ends = whole.stored(self.daily.organisation_id).aggregate(
            first=Min("date"), last=Max("date")
        )
        here = partial(_here, self.daily.organisation_id)
        differing = count_bisection.find(
            whole, count, (ends["first"], ends["last"]), self._in_xero, here
        )
        return [
            run_requests.request_heal(
                connection=self.connection, window=(window.date_from, window.date_to), now=now
            ).pk
            for window in differing
        ]

    def _look_for(self, due: Sequence[quarantine.NotGiven], now: datetime) -> list[int]:
        """Ask for what changed to be read, where a list of changes met what Xero could not give.

        More were met than are missing, so an older version of some is stored.
        """
        known = [one.since for one in due if one.since is not None]
        if not known:
            return []
        run = run_requests.request_changes(connection=self.connection, since=min(known), now=now)
        return [run.pk]

    def _unknown(self, whole: date_windows.Window, sales: int | None) -> int | None:
        """Return how many Xero has of no known type; None where it does not tell, or will not.

        Counted once more where there seem to be some: one may just have been raised.
        """
        try:
            unknown = self._unknown_beside(whole, sales)
            return self._unknown_beside(whole, self._in_xero(whole)) if unknown else unknown
        except (errors.Rejected, errors.Refused) as error:
            # The sales were counted, and that holds.
            told = (whole.resource, type(error).__name__)
            logger.warning("No count of %s without a filter: %s", *told)
            return None

    def _unknown_beside(self, whole: date_windows.Window, sales: int | None) -> int | None:
        everything = self._in_xero(whole, types=())
        purchases = self._in_xero(whole, types=resources.of(whole.resource).purchases)
        if everything is None or purchases is None or sales is None:
            return None
        return max(0, everything - purchases - sales)

    def _in_xero(
        self,
        window: date_windows.Window,
        *,
        types: tuple[str, ...] | None = None,
        cuts: int = date_windows.MOST_CUTS,
    ) -> int | None:
        """Return Xero's count; a window too large for one answer is counted in halves."""
        leases.renew(self.daily, now=self.clock())
        listing = replace(window.listing, types=types)
        try:
            return list_queries.count(self.session, listing)
        except errors.Rejected as error:
            if window.is_undated:
                # Xero takes no question for what has no date, so nothing is known but what is here.
                return _here(self.daily.organisation_id, window) if types is None else 0
            if error.is_about_filter or not window.days or not cuts:
                raise
            parts = [self._in_xero(part, types=types, cuts=cuts - 1) for part in window.parts()]
            return comparison.sum_if_known(parts)


def due(*, now: datetime) -> QuerySet[Cursor]:
    """Return the cursors of the kinds whose count is due.

    Contacts were not counted by the release before, which leaves no time with them.
    """
    is_due = Q(count_due_at__lte=now) | Q(count_due_at=None, resource=Resource.CONTACT)
    return Cursor.objects.filter(is_due)


def _here(organisation_id: int, window: date_windows.Window) -> int:
    """Return how many are stored here; set-aside ones count for the whole range only."""
    stored = window.stored(organisation_id).count()
    if not window.is_whole:
        return stored
    return stored + quarantine.missing_count(organisation_id, window.resource)


def _forget_nameless(organisation_id: int, resource: Resource, too_many: int) -> int:
    """Forget what was quarantined without an id, where it is just what is too many here.

    Xero then counts none of it: those documents have come again with their ids, and are stored.
    Returns how many were forgotten.
    """
    rows = quarantine.nameless(organisation_id, resource)
    if too_many <= 0 or rows.count() != too_many:
        return 0
    rows.delete()
    return too_many
