"""Walking through a list of Xero's, page after page, the next ones fetched while one is written.

The order is by Xero's id: it never changes, so a document that is modified during the walk stays
where it is. (Xero's default order is by UpdatedDateUTC; there a modified row jumps to the end and
every later row moves up one, so that one of them would be skipped.)

Rows may enter or leave the list during a walk:

- A row enters, and those after it move down. One may come twice, which the upsert ignores; the last
  may land on a page that was not there before, which is then read too.
- Pages in flight together may be answered out of order. A row that moved down between them is on
  neither, and the later page counts fewer items than the one before it: it is read again.
- A row leaves, and those after it move up. The count stays lower when the page is read again; then
  as many rows before it as have left are read again, too. Nothing leaves a list of what was
  modified since a moment, unless the list ends at another moment.

The number of a page means other rows where pages are of another size. What Xero says it gave is
believed: of a first page it is the size of all that follow, and a later page of another size is not
what was asked for.

A page is asked for only after the thread that stores pages has made sure that the connection has
not moved on. Once it has, no call is begun; those in flight end, and what they bring is dropped.
"""

import contextlib
import dataclasses
import itertools
import math
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connections

from xero_sync.api import client, errors, list_queries, responses, sessions
from xero_sync.pull import gc_tuning, not_given, page_sizes
from xero_sync.store import prepared_pages

# Xero allows five calls at once; the limiter leaves one of them to people and events.
AHEAD = 4
# Pages as small as this look for a row that Xero cannot give (`not_given`), and soon they are of
# another size: those in flight would be dropped, and each is a call.
_ONE_BY_ONE = 5
# Python does one thing at a time anyway, and two threads that prepare pages would take two thirds
# of it from the one that writes.
_preparing = threading.Lock()

Walk = Generator[tuple[int, responses.Page], None, None]
# A list, the size of its pages, and the number of one.
Place = tuple[list_queries.Listing, int, int]
FirstPages = Generator[tuple[list_queries.Listing, Future[responses.Page]], None, None]


def walk(
    session: sessions.Session,
    listing: list_queries.Listing,
    *,
    first_page: int = 1,
    page_size: int = client.PAGE_SIZE,
    item_count: int | None = None,
    has_failed: bool = False,
) -> Walk:
    """Walk one list; see `Puller.walk`."""
    with opened(session) as puller:
        yield from puller.walk(
            listing,
            first_page=first_page,
            page_size=page_size,
            item_count=item_count,
            has_failed=has_failed,
        )


@contextlib.contextmanager
def opened(session: sessions.Session) -> Iterator["Puller"]:
    """Give a puller, with up to four calls in flight until the block ends."""
    with gc_tuning.set_for_walks(), contextlib.closing(Puller(session)) as puller:
        yield puller


class Puller:
    """Walks one list after another for one session, by threads that it keeps between them."""

    def __init__(self, session: sessions.Session) -> None:
        self.session = session
        # Starts no thread before the first page is sent for.
        self._pool = ThreadPoolExecutor(AHEAD, thread_name_prefix="xero-page")
        self._flight: dict[Place, Future[responses.Page]] = {}
        self._expected: Place | None = None
        self._counts: dict[list_queries.Listing, int | None] = {}

    def close(self) -> None:
        """End the threads, and wait for calls that are under way."""
        self._pool.shutdown(cancel_futures=True)

    def first_pages(self, lists: Iterable[tuple[list_queries.Listing, int]]) -> FirstPages:
        """Yield the first page of each list, in order, as it will be once it has come.

        It tells how many pages there are. One that fails does not end the others, which are
        asked for as `lists` gives them.

        :param lists: each with the size of its pages.
        """
        coming = ((one, self._send_for((one, size, 1))) for one, size in lists)
        flight = deque(itertools.islice(coming, AHEAD))
        try:
            while flight:
                yield flight.popleft()
                flight.extend(itertools.islice(coming, 1))
        finally:
            for _, future in flight:
                future.cancel()

    def expect(self, place: Place | None) -> None:
        """Say where the next walk begins, if that is known; it knows its number of pages.

        That page is fetched once the last one of the present list is on its way.
        """
        self._expected = place

    def walk(
        self,
        listing: list_queries.Listing,
        *,
        first_page: int = 1,
        page_size: int = client.PAGE_SIZE,
        page_count: int | None = None,
        item_count: int | None = None,
        has_failed: bool = False,
        is_over: Callable[[], bool] = lambda: False,
    ) -> Walk:
        """Yield (page number, page) in order, to the last page that any of them tells of.

        Where the number of pages is not known the first one is awaited, since it tells. Where Xero
        does not tell at all, the walk ends with the first page that is empty: one that is not full
        may be as large as they get.

        :param page_size: of the pages before the first one; what they are numbered by.
        :param page_count: of the page before the first one, where that is known.
        :param item_count: the same.
        :param has_failed: whether this walk has failed before, so that a page which fails is looked
            into: see `not_given`.
        :param is_over: whether to ask for no more pages. Those in flight are yielded all the same:
            each is a call, and would be one again.
        :raises errors.XeroError: at the page that failed, after all pages before it.
        :raises page_sizes.WalkMoved: it cannot go on at that page.
        """
        number, last = first_page, first_page if page_count is None else page_count
        self._cancel([place for place in self._flight if place != (listing, page_size, number)])
        try:
            if page_count is not None and not is_over():
                self._send_ahead(listing, page_size, number, last)
            while number <= last:
                if is_over() and (listing, page_size, number) not in self._flight:
                    return
                page = self._read((listing, page_size, number), item_count, has_failed)
                item_count = page.item_count
                if number == 1:
                    page_size = page_sizes.of_first(page, page_size)
                if page.page_count is not None:
                    last = max(last, page.page_count)
                elif page.elements:
                    last = max(last, number + 1)
                # After a page that is read again, which is a call in flight, too.
                if not is_over():
                    self._send_ahead(listing, page_size, number + 1, last)
                yield number, page
                number += 1
        finally:
            # After a failure, or when the caller stops: what has not begun is not begun.
            self._cancel([place for place in self._flight if place[0] == listing])

    def _send_ahead(
        self, listing: list_queries.Listing, page_size: int, first: int, last: int
    ) -> None:
        """Have the next pages of a list in flight; where there are few, also what is expected."""
        ahead = AHEAD if page_size > _ONE_BY_ONE else 0
        for page in range(first, min(last, first + ahead - 1) + 1):
            place = (listing, page_size, page)
            if place not in self._flight:
                self._flight[place] = self._send_for(place)
        if self._expected is not None and len(self._flight) < AHEAD:
            self._flight[self._expected] = self._send_for(self._expected)
            self._expected = None

    def _send_for(self, place: Place) -> Future[responses.Page]:
        return self._pool.submit(_fetch_ahead, self.session.ready(), place)

    def _cancel(self, places: Iterable[Place]) -> None:
        for place in places:
            self._flight.pop(place).cancel()

    def around(self, place: Place, error: errors.XeroError) -> responses.Page:
        """Return a page in the place of one of one row that Xero cannot give.

        :raises page_sizes.RowNotGiven: there are more rows on that page.
        :raises errors.XeroError: it does not lie in a row.
        """
        listing, page_size, number = place
        if not isinstance(error, errors.Unavailable) or not error.may_be_one_rows:
            raise error
        if page_size > page_sizes.SMALLEST:
            raise page_sizes.RowNotGiven(self._count(listing)) from error
        return not_given.page_past(
            listing, number, lambda one: self._fetch((listing, page_size, one)), error
        )

    def _read(self, place: Place, before: int | None, has_failed: bool) -> responses.Page:
        """Return a page once it has come, no older than the one before, with what moved up there.

        :param before: how many items the list had when the page before this one was read.
        """
        get = self._get_around if has_failed else self._get
        page = get(place)
        _, page_size, number = place
        if number > 1:
            page_sizes.check(page, page_size)
        if not _have_left(page, before):
            return page
        page = get(place)
        left = _have_left(page, before)
        pages_left = math.ceil(left / page_size)
        if pages_left > AHEAD:
            raise page_sizes.ListMoved(f"{left} rows have left it")
        moved_up: list[Any] = []
        for earlier in range(max(1, number - pages_left), number):
            moved_up += get((place[0], page_size, earlier)).elements
        return dataclasses.replace(page, elements=[*moved_up, *page.elements]) if moved_up else page

    def _count(self, listing: list_queries.Listing) -> int | None:
        """Return how many rows a list has; it is asked for once, to see that Xero answers.

        :raises errors.XeroError: it does not.
        """
        if listing not in self._counts:
            self._counts[listing] = list_queries.count(self.session, listing)
        return self._counts[listing]

    def _get_around(self, place: Place) -> responses.Page:
        """Return a page, or what stands for its one row where Xero cannot give that.

        :raises page_sizes.RowNotGiven: it cannot give one of its rows.
        """
        try:
            return self._get(place)
        except errors.XeroError as error:
            return self.around(place, error)

    def _get(self, place: Place) -> responses.Page:
        """Return a page once it has come; one that is not in flight is fetched in this thread."""
        coming = self._flight.pop(place, None)
        return coming.result() if coming else self._fetch(place)

    def _fetch(self, place: Place) -> responses.Page:
        listing, page_size, number = place
        return list_queries.fetch(self.session, listing, page=number, page_size=page_size)


def _have_left(page: responses.Page, before: int | None) -> int:
    """Return how many rows fewer the list has than it had, as far as it tells."""
    if before is None or page.item_count is None:
        return 0
    return max(0, before - page.item_count)


def _fetch_ahead(session: sessions.Session, place: Place) -> responses.Page:
    """Fetch a page and prepare it for writing, while the one before is written."""
    listing, page_size, number = place
    try:
        fetched = list_queries.fetch(session, listing, page=number, page_size=page_size)
    finally:
        # A token that Xero refused was renewed over one of this thread's own.
        connections.close_all()
    with _preparing:
        return prepared_pages.with_page(fetched, listing.resource)
