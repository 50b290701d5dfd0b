"""Walking through a list of Xero's, page after page, the next ones fetched while one is written.

The order is by Xero's id: it never changes, so a document that is modified during the walk stays
where it is. (Xero's default order is by UpdatedDateUTC; there a modified row jumps to the end and
every later row moves up one, so that one of them would be skipped.)

What enters the list during the walk pushes rows down: one may come twice, which the upsert
ignores, and the last may land on a page that was not there before, which is then read too. But of
pages in flight together a later one may have been read before an earlier one, and what was pushed
from that to this is on neither: a page whose count is lower than that of the page before it is
read again. Where it stays lower, something left the list and rows moved up; then the page before
it is read again as well. (Nothing ever leaves a list of what was modified since a moment.)
"""

import contextlib
import dataclasses
import threading
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connections

from xero_sync import calls, collecting, mapping, preparing, replies
from xero_sync.models import Resource

PAGE_SIZE = 1000
# Xero allows five calls at once; the limiter leaves one of them to people and events.
AHEAD = 4
# Longer than any call that may still be under way when a walk ends.
_LONGEST_CALL_SECONDS = 120.0

_TYPE_FILTERS = {
    Resource.INVOICE: 'Type=="ACCREC"',
    Resource.CREDIT_NOTE: 'Type=="ACCRECCREDIT"',
    Resource.OVERPAYMENT: 'Type=="RECEIVE-OVERPAYMENT"',
    Resource.PREPAYMENT: 'Type=="RECEIVE-PREPAYMENT"',
}


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list of Xero's: which resource, narrowed how."""

    resource: Resource
    date_from: date | None = None
    date_to: date | None = None
    modified_since: datetime | None = None

    @property
    def where(self) -> str | None:
        """The filter in Xero's words; dates are inclusive calendar dates of the organisation."""
        parts = [_TYPE_FILTERS[self.resource]] if self.resource in _TYPE_FILTERS else []
        if self.date_from is not None:
            parts.append(f"Date>={_date_time(self.date_from)}")
        if self.date_to is not None:
            parts.append(f"Date<{_date_time(self.date_to + timedelta(days=1))}")
        return " AND ".join(parts) or None

    @property
    def order(self) -> str:
        """The immutable order of the walk."""
        return f"{mapping.ID_FIELDS[self.resource]} ASC"


def _date_time(day: date) -> str:
    # Xero takes dates in filters only in this form.
    return f"DateTime({day.year},{day.month:02},{day.day:02})"


def fetch(
    session: calls.Session, listing: Listing, *, page: int, page_size: int = PAGE_SIZE
) -> replies.Page:
    """Fetch one page of a list.

    :raises errors.XeroError: classified; `RateLimited` where the limiter says wait.
    """
    return session.list_page(
        listing.resource,
        page=page,
        page_size=page_size,
        where=listing.where,
        order=listing.order,
        if_modified_since=listing.modified_since,
        include_archived=listing.resource is Resource.CONTACT,
    )


def walk(
    session: calls.Session,
    listing: Listing,
    *,
    first_page: int = 1,
    page_count: int | None = None,
    item_count: int | None = None,
) -> Generator[tuple[int, replies.Page], None, None]:
    """Yield (page number, page) in order, with up to four calls in flight.

    Where the number of pages is not known the first one is awaited, since it tells; where Xero
    does not tell at all, the walk ends with the first page that is not full.

    :param page_count: of the page before the first one, where that is known.
    :param item_count: the same.
    :raises errors.XeroError: at the page that failed, after all pages before it.
    """
    with collecting.seldom():
        yield from _walk(session, listing, first_page, page_count, item_count)


def _walk(
    session: calls.Session,
    listing: Listing,
    number: int,
    page_count: int | None,
    item_count: int | None,
) -> Generator[tuple[int, replies.Page], None, None]:
    if page_count is None:
        page = fetch(session, listing, page=number)
        yield number, page
        number += 1
        page_count, item_count = page.page_count, page.item_count
        if page_count is None:
            yield from _walk_untold(session, listing, number, page)
            return
    while number <= page_count:
        with contextlib.closing(_walk_ahead(session, listing, number, page_count)) as ahead:
            for done, found in ahead:
                page = _in_step(session, listing, done, found, item_count)
                yield done, page
                number, item_count = done + 1, page.item_count
                page_count = page.page_count or 0


def _in_step(
    session: calls.Session, listing: Listing, number: int, page: replies.Page, before: int | None
) -> replies.Page:
    """Return a page that is no older than the one before it, with what moved up before it.

    :param before: how many items the list had when the page before this one was read.
    """
    if not _has_fewer(page, before):
        return page
    page = fetch(session, listing, page=number)
    if not _has_fewer(page, before) or number == 1:
        return page
    moved_up = fetch(session, listing, page=number - 1).elements
    return dataclasses.replace(page, elements=[*moved_up, *page.elements])


def _has_fewer(page: replies.Page, before: int | None) -> bool:
    return before is not None and page.item_count is not None and page.item_count < before


def _walk_untold(
    session: calls.Session, listing: Listing, number: int, page: replies.Page
) -> Generator[tuple[int, replies.Page], None, None]:
    while len(page.elements) >= PAGE_SIZE:
        page = fetch(session, listing, page=number)
        yield number, page
        number += 1


def _walk_ahead(
    session: calls.Session, listing: Listing, number: int, last: int
) -> Generator[tuple[int, replies.Page], None, None]:
    flight: deque[tuple[int, Future[replies.Page]]] = deque()
    with ThreadPoolExecutor(max_workers=AHEAD, thread_name_prefix="xero-page") as pool:
        try:
            for page in range(number, last + 1):
                flight.append((page, pool.submit(_fetch_ahead, session, listing, page)))
                if len(flight) == AHEAD:
                    done, future = flight.popleft()
                    yield done, future.result()
            while flight:
                done, future = flight.popleft()
                yield done, future.result()
        finally:
            # After a failure, or when the caller stops: what has not begun is not begun.
            for _, future in flight:
                future.cancel()
            _close_connections(pool)


def _fetch_ahead(session: calls.Session, listing: Listing, page: int) -> replies.Page:
    """Fetch a page and prepare it for writing, while the one before is written."""
    return preparing.with_page(fetch(session, listing, page=page), listing.resource)


def _close_connections(pool: ThreadPoolExecutor) -> None:
    """Close the database connection of every thread (tokens are rows, and each call reads one).

    Once for a walk, not for each page: opening one costs PostgreSQL a process. The barrier makes
    each thread take exactly one of these.
    """
    barrier = threading.Barrier(AHEAD)

    def close() -> None:
        barrier.wait(timeout=_LONGEST_CALL_SECONDS)
        connections.close_all()

    for closing in [pool.submit(close) for _ in range(AHEAD)]:
        closing.result()
