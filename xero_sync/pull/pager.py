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
import itertools
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connections

from xero_sync.api import client, limits, list_queries, responses, sessions
from xero_sync.pull import gc_tuning
from xero_sync.store import prepared_pages

# Xero allows five calls at once; the limiter leaves one of them to people and events.
AHEAD = 4
# Python does one thing at a time anyway, and two threads that prepare pages would take two thirds
# of it from the one that writes.
_preparing = threading.Lock()

Walk = Generator[tuple[int, responses.Page], None, None]
_Flight = deque[tuple[int, Future[responses.Page]]]
# A list, and the page of it that comes first.
Start = tuple[list_queries.Listing, int]
FirstPages = Generator[tuple[list_queries.Listing, Future[responses.Page]], None, None]


def walk(session: sessions.Session, listing: list_queries.Listing, *, first_page: int = 1) -> Walk:
    """Walk one list; see `Puller.walk`."""
    with opened(session) as puller:
        yield from puller.walk(listing, first_page=first_page)


@contextlib.contextmanager
def opened(session: sessions.Session) -> Iterator["Puller"]:
    """Give a puller, with up to four calls in flight until the block ends."""
    puller = Puller(session)
    with gc_tuning.set_for_walks():
        try:
            yield puller
        finally:
            puller.close()


class Puller:
    """Walks one list after another for one session, by threads that it keeps between them."""

    def __init__(self, session: sessions.Session) -> None:
        self.session = session
        self._pool: ThreadPoolExecutor | None = None
        self._expected: Start | None = None
        self._begun: tuple[Start, Future[responses.Page]] | None = None

    def close(self) -> None:
        """End the threads, and wait for calls that are under way."""
        if self._begun is not None:
            self._begun[1].cancel()
        if self._pool is not None:
            with self._pool as pool:
                _close_connections(pool)

    def first_pages(self, lists: Iterable[list_queries.Listing]) -> FirstPages:
        """Yield the first page of each list, in order, as it will be once it has come.

        It tells how many pages there are. One that fails does not end the others, which are
        asked for as `lists` gives them.
        """
        flight: deque[tuple[list_queries.Listing, Future[responses.Page]]] = deque()
        coming = iter(lists)
        try:
            for listing in itertools.islice(coming, AHEAD):
                flight.append((listing, self._submit(listing, 1)))
            while flight:
                yield flight.popleft()
                for listing in itertools.islice(coming, 1):
                    flight.append((listing, self._submit(listing, 1)))
        finally:
            for _, future in flight:
                future.cancel()

    def expect(self, start: Start | None) -> None:
        """Say from where the next walk begins, if that is known; it knows its number of pages.

        That page is fetched once the last one of the present list is on its way.
        """
        self._expected = start

    def walk(
        self,
        listing: list_queries.Listing,
        *,
        first_page: int = 1,
        page_count: int | None = None,
        item_count: int | None = None,
    ) -> Walk:
        """Yield (page number, page) in order.

        Where the number of pages is not known the first one is awaited, since it tells; where Xero
        does not tell at all, the walk ends with the first page that is not full.

        :param page_count: of the page before the first one, where that is known.
        :param item_count: the same.
        :raises errors.XeroError: at the page that failed, after all pages before it.
        """
        number = first_page
        if page_count is not None:
            begun = self._take_begun((listing, number))
            yield from self._told(listing, number, page_count, item_count, begun=begun)
            return
        first = list_queries.fetch(self.session, listing, page=number)
        if first.page_count is None:
            yield number, first
            yield from self._untold(listing, number + 1, first)
        else:
            last = max(number, first.page_count)
            yield from self._told(listing, number, last, first.item_count, first=first)

    def _take_begun(self, start: Start) -> Future[responses.Page] | None:
        """Return the page a walk begins with, where it was expected and is on its way."""
        begun, self._begun = self._begun, None
        if begun is None:
            return None
        if begun[0] == start:
            return begun[1]
        begun[1].cancel()
        return None

    def _told(
        self,
        listing: list_queries.Listing,
        number: int,
        page_count: int,
        item_count: int | None,
        *,
        first: responses.Page | None = None,
        begun: Future[responses.Page] | None = None,
    ) -> Walk:
        """Walk where the number of pages is known, which may change as each page tells."""
        while number <= page_count:
            pages = self._ahead(listing, number, page_count, item_count, first, begun)
            with contextlib.closing(pages) as ahead:
                for done, page in ahead:
                    yield done, page
                    number, item_count = done + 1, page.item_count
                    page_count = page.page_count or 0
            first = begun = None

    def _untold(self, listing: list_queries.Listing, number: int, page: responses.Page) -> Walk:
        while len(page.elements) >= client.PAGE_SIZE:
            page = list_queries.fetch(self.session, listing, page=number)
            yield number, page
            number += 1

    def _ahead(
        self,
        listing: list_queries.Listing,
        number: int,
        last: int,
        item_count: int | None,
        first: responses.Page | None,
        begun: Future[responses.Page] | None,
    ) -> Walk:
        """Yield the pages in order.

        Where the page `number` is here already it is `first`, where it is on its way, `begun`.
        """
        flight: _Flight = deque([(number, begun)] if begun else [])
        coming = iter(range(number + bool(first or begun), last + 1))
        try:
            self._send_for_more(listing, coming, flight)
            if first is not None:
                yield number, first
            while flight:
                done, future = flight.popleft()
                # Before more is sent for: a page that is read again is a call in flight, too.
                page = self._in_step(listing, done, future.result(), item_count)
                item_count = page.item_count
                self._send_for_more(listing, coming, flight)
                yield done, page
        finally:
            # After a failure, or when the caller stops: what has not begun is not begun.
            for _, future in flight:
                future.cancel()

    def _send_for_more(
        self, listing: list_queries.Listing, coming: Iterator[int], flight: _Flight
    ) -> None:
        for page in itertools.islice(coming, AHEAD - len(flight)):
            flight.append((page, self._submit(listing, page)))
        if len(flight) < AHEAD and self._expected is not None:
            self._begun = self._expected, self._submit(*self._expected)
            self._expected = None

    def _submit(self, listing: list_queries.Listing, page: int) -> Future[responses.Page]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(AHEAD, thread_name_prefix="xero-page")
        return self._pool.submit(_fetch_ahead, self.session, listing, page)

    def _in_step(
        self, listing: list_queries.Listing, number: int, page: responses.Page, before: int | None
    ) -> responses.Page:
        """Return a page that is no older than the one before it, with what moved up before it.

        :param before: how many items the list had when the page before this one was read.
        """
        if not _has_fewer(page, before):
            return page
        page = list_queries.fetch(self.session, listing, page=number)
        if not _has_fewer(page, before) or number == 1:
            return page
        moved_up = list_queries.fetch(self.session, listing, page=number - 1).elements
        return dataclasses.replace(page, elements=[*moved_up, *page.elements])


def _has_fewer(page: responses.Page, before: int | None) -> bool:
    return before is not None and page.item_count is not None and page.item_count < before


def _fetch_ahead(
    session: sessions.Session, listing: list_queries.Listing, page: int
) -> responses.Page:
    """Fetch a page and prepare it for writing, while the one before is written."""
    fetched = list_queries.fetch(session, listing, page=page)
    with _preparing:
        return prepared_pages.with_page(fetched, listing.resource)


def _close_connections(pool: ThreadPoolExecutor) -> None:
    """Close the database connection of every thread (tokens are rows, and each call reads one).

    Once for all walks, not for each page: opening one costs PostgreSQL a process. The barrier makes
    each thread take exactly one of these. It waits for what may still be under way: a call, the
    renewal of a token, and the call once more.
    """
    barrier = threading.Barrier(AHEAD)
    longest = 3 * limits.call_seconds()

    def close() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=longest)
        connections.close_all()

    for closing in [pool.submit(close) for _ in range(AHEAD)]:
        closing.result()
