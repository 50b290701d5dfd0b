"""What a re-sync would cost, shown before it is started.

Four light calls (one document each) let Xero count the documents of the range by kind; learners are
counted here. The counts tell how many calls it takes, how many minutes at Xero's limits, and
whether that fits into the calls left today.
"""

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import redis

from connected_apps.models import Connection
from xero_sync import resources
from xero_sync.api import client, errors, limits, list_queries, rate_limiter, sessions
from xero_sync.contacts import push_queue, unsent_learners
from xero_sync.models import RunWhat
from xero_sync.pull import date_windows
from xero_sync.resources import Resource
from xero_sync.runs.changed_spans import Span

# Besides the pages: a closing sweep and, at the worst, one count a kind.
_CLOSING_CALLS = 2 * len(resources.DOCUMENTS)


@dataclass(frozen=True)
class Preview:
    """Documents by kind (None where there are more than Xero counts), calls and minutes."""

    what: RunWhat
    counts: list[tuple[str, int | None]]
    calls: int
    minutes: int
    left_today: int

    @property
    def total(self) -> int:
        """All that could be counted."""
        return sum(count for _, count in self.counts if count is not None)

    @property
    def fits_today(self) -> bool:
        """Whether today's calls suffice."""
        return self.calls <= self.left_today

    @property
    def is_exact(self) -> bool:
        """Whether every kind could be counted."""
        return all(count is not None for _, count in self.counts)


def preview(
    *,
    connection: Connection,
    what: RunWhat,
    date_from: date,
    date_to: date,
    span: Span | None = None,
) -> Preview:
    """Estimate what a re-sync takes; for documents Xero is asked how many there are.

    :param span: of what changed.
    :raises errors.XeroError: Xero could not be asked.
    """
    if what == RunWhat.LEARNERS:
        return _of_learners(connection, date_from, date_to)
    # A range that is open at an end asks for no date there, as the run itself does.
    narrowed: dict[str, Any] = {
        "date_from": None if date_from == date_windows.EARLIEST else date_from,
        "date_to": None if date_to == date_windows.LATEST else date_to,
    }
    if span is not None:
        narrowed = {"modified_since": span.since}
    return _of_documents(connection, what, narrowed)


def _of_learners(connection: Connection, date_from: date, date_to: date) -> Preview:
    behind = 0
    if connection.organisation is not None:
        behind = unsent_learners.changed_between(
            organisation=connection.organisation, date_from=date_from, date_to=date_to
        ).count()
    # One call to look for those who are there already, one to write, one to read them back.
    needed = 2 * math.ceil(behind / push_queue.BATCH)
    needed += math.ceil(behind / client.most_ids(Resource.CONTACT))
    return _within_limits(
        connection, RunWhat.LEARNERS, [("Learners", behind)], needed, limits.from_settings()
    )


def _of_documents(connection: Connection, what: RunWhat, narrowed: dict[str, Any]) -> Preview:
    session = sessions.of(connection, lane=rate_limiter.Lane.PEOPLE)
    counts = [
        (resource.label, _count(session, list_queries.Listing(resource=resource, **narrowed)))
        for resource in resources.DOCUMENTS
    ]
    needed = _CLOSING_CALLS + sum(
        max(1, math.ceil((100_000 if count is None else count) / client.PAGE_SIZE))
        for _, count in counts
    )
    bulk = limits.from_settings().of_bulk()
    return _within_limits(connection, what, counts, needed, bulk)


def _within_limits(
    connection: Connection,
    what: RunWhat,
    counts: list[tuple[str, int | None]],
    needed: int,
    lane: limits.Limits,
) -> Preview:
    return Preview(
        what=what,
        counts=counts,
        calls=needed,
        minutes=needed // lane.minute,
        left_today=_left_today(connection, lane),
    )


def _count(session: sessions.Session, listing: list_queries.Listing) -> int | None:
    try:
        return list_queries.count(session, listing)
    except errors.Rejected:
        # More than Xero lists at once; the run itself reads such a range in parts.
        return None


def _left_today(connection: Connection, lane: limits.Limits) -> int:
    if connection.organisation is None:
        return 0
    try:
        books = rate_limiter.shared().books_of(connection.organisation.tenant_id)
    except redis.RedisError as error:
        raise errors.BooksUnreadable("The limiter's books cannot be read.") from error
    return max(0, lane.day - books.day_used)
