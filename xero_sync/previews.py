"""What a re-sync would cost, told before it is started.

Four light calls (one document each) let Xero count the documents of the range by kind. From the
counts follow the calls and the minutes that Xero's limits need, and whether it fits into what is
left of today.
"""

import math
from dataclasses import dataclass
from datetime import date

from connected_apps.models import Connection
from xero_sync import calls, errors, limiter, limits, listings
from xero_sync.models import Resource
from xero_sync.runs import DOCUMENTS

# Besides the pages: a closing sweep and, at the worst, one count a kind.
_CLOSING_CALLS = 2 * len(DOCUMENTS)


@dataclass(frozen=True)
class Preview:
    """Documents by kind (None where there are more than Xero counts), calls, minutes."""

    counts: list[tuple[str, int | None]]
    calls: int
    minutes: int
    left_today: int

    @property
    def total(self) -> int:
        """All documents that could be counted."""
        return sum(count for _, count in self.counts if count is not None)

    @property
    def fits_today(self) -> bool:
        """Whether today's calls suffice."""
        return self.calls <= self.left_today

    @property
    def is_exact(self) -> bool:
        """Whether every kind could be counted."""
        return all(count is not None for _, count in self.counts)


def preview(*, connection: Connection, date_from: date, date_to: date) -> Preview:
    """Ask Xero how many documents a range holds, and reckon what reading them takes.

    :raises errors.XeroError: Xero could not be asked.
    """
    session = calls.Session(
        connection_id=connection.pk, generation=connection.generation, lane=limiter.Lane.PEOPLE
    )
    counts = [
        (resource.label, _count(session, resource, date_from, date_to)) for resource in DOCUMENTS
    ]
    needed = _CLOSING_CALLS + sum(
        max(1, math.ceil((100_000 if count is None else count) / listings.PAGE_SIZE))
        for _, count in counts
    )
    bulk = limits.from_settings().of_bulk()
    return Preview(
        counts=counts,
        calls=needed,
        minutes=needed // bulk.minute,
        left_today=_left_today(connection, bulk),
    )


def _count(
    session: calls.Session, resource: Resource, date_from: date, date_to: date
) -> int | None:
    listing = listings.Listing(resource=resource, date_from=date_from, date_to=date_to)
    try:
        return listings.fetch(session, listing, page=1, page_size=1).item_count
    except errors.Rejected:
        # More than Xero lists at once; the run itself reads such a range in parts.
        return None


def _left_today(connection: Connection, bulk: limits.Limits) -> int:
    if connection.organisation is None:
        return 0
    books = limiter.shared().books_of(connection.organisation.tenant_id)
    return max(0, bulk.day - books.day_used)
