"""The daily count of contacts: does Xero have exactly as many as are stored here, archived too?

One light call. Where Xero refuses to count so many at once, spans of time are counted by when the
contacts were last modified. Where the numbers differ, all contacts are swept from the beginning,
and counted again soon after. Where that has brought the same numbers, sweeping does not help, and
the difference is left for people to see.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from invoices.models import Contact
from xero_sync.api import errors, list_queries, sessions
from xero_sync.jobs import leases, sweep_schedule
from xero_sync.models import Cursor, DailyCheck
from xero_sync.resources import Resource
from xero_sync.store import quarantine

logger = logging.getLogger(__name__)

EVERY = timedelta(days=1)
# After contacts were asked to be swept anew, and while they are.
SOON = timedelta(minutes=10)
# Where they could not be asked for, since a sweep was under way.
AFTER_SWEEP = timedelta(minutes=1)
# Before there was any Xero.
_BEGINNING = datetime(2006, 1, 1, tzinfo=UTC)
# Spans by then are a minute long.
_MOST_CUTS = 24


@dataclass(frozen=True)
class ContactCount:
    """A count of an organisation's contacts, by the worker that has leased its daily check."""

    session: sessions.Session
    daily: DailyCheck
    clock: leases.Clock

    def check(self, cursor: Cursor, now: datetime) -> None:
        """Count contacts, and have them swept from the beginning where the numbers differ.

        :raises errors.XeroError: Xero could not be asked; it stays due.
        :raises leases.LeaseLost: another worker counts.
        """
        is_being_read = cursor.swept_through is None
        not_given = quarantine.not_given(self.daily.organisation_id, Resource.CONTACT)
        due = [one for one in not_given if one.is_due(now)]
        in_xero, missing, stored = self._figures(now)
        if in_xero is not None and in_xero != stored + missing:
            # One may just have been added, or have moved between two spans.
            in_xero, missing, stored = self._figures(now)
        if in_xero is not None and in_xero < stored + missing:
            # Two lists may have met what Xero cannot give, or an older version of it is stored.
            missing -= min(stored + missing - in_xero, len(not_given))
        here = stored + missing
        differs = in_xero is not None and in_xero != here
        is_known = (cursor.count_in_xero, cursor.count_here) == (in_xero, here)
        next_count = EVERY
        if is_being_read:
            next_count = SOON
        elif (differs and not is_known) or due:
            if not sweep_schedule.begin_anew(
                organisation_id=self.daily.organisation_id, resource=Resource.CONTACT, now=now
            ):
                # Figures that are kept count as looked into.
                Cursor.objects.filter(pk=cursor.pk).update(count_due_at=now + AFTER_SWEEP)
                return
            quarantine.forget(due)
            next_count = SOON
        Cursor.objects.filter(pk=cursor.pk).update(
            count_due_at=now + next_count,
            counted_at=now,
            count_in_xero=in_xero,
            count_here=here,
            count_missing=missing,
        )
        logger.info(
            "Counted contacts of organisation %s: %s, %s", cursor.organisation_id, in_xero, here
        )

    def _figures(self, now: datetime) -> tuple[int | None, int, int]:
        """Return how many Xero has; how many are set aside here and not stored; are stored."""
        organisation_id = self.daily.organisation_id
        return (
            self._in_xero(None, None, now=now, cuts=_MOST_CUTS),
            quarantine.missing_count(organisation_id, Resource.CONTACT),
            Contact.objects.filter(organisation_id=organisation_id).count(),
        )

    def _in_xero(
        self, since: datetime | None, until: datetime | None, *, now: datetime, cuts: int
    ) -> int | None:
        """Return Xero's count of those modified in a span; one too large is counted in halves."""
        leases.renew(self.daily, now=self.clock())
        listing = list_queries.Listing(
            resource=Resource.CONTACT, modified_since=since, modified_until=until
        )
        try:
            return list_queries.count(self.session, listing)
        except errors.Rejected as error:
            if error.is_about_filter or not cuts:
                raise
        start, end = since or _BEGINNING, until or now
        middle = (start + (end - start) / 2).replace(microsecond=0)
        # The earlier first: one that is modified meanwhile is counted twice, and never not at all.
        earlier = self._in_xero(since, middle, now=now, cuts=cuts - 1)
        later = self._in_xero(middle, until, now=now, cuts=cuts - 1)
        return None if earlier is None or later is None else earlier + later
