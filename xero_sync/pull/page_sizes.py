"""How many rows to ask for in one page: fewer where Xero takes too long, and more again later.

A page that takes Xero longer than we wait would be asked for again unchanged for ever. So the size
shrinks with every page that did not come in time, and grows again once pages come so quickly that
the next larger one can be expected in half of that time. It shrinks as well where Xero cannot give
one of the rows, see `not_given`, and where a page is more than a worker can hold.

The number of a page means other rows at another size, so the size is kept with the checkpoint, and
both change together. Every size divides the one before it: what was read ends at a page of the
smaller size, too. A list that does not tell its size may give smaller pages than were asked for,
so that nobody knows what was read: there a smaller size begins from the start.
"""

from typing import NamedTuple, Protocol

from xero_sync.api import client, errors, limits, responses

SIZES = (client.PAGE_SIZE, 500, 250, 125, 25, 5, 1)
SMALLEST = SIZES[-1]
# A larger page drops those in flight, which are calls, too. Where a page holds next to nothing that
# is cheaper than to go on.
_GROWS_AFTER = {1: 1, 5: 1}
_GROWS_AFTER_OTHERWISE = 8


class Checkpoint(Protocol):
    """A row that keeps how far a list was read."""

    next_page: int
    page_size: int
    item_count: int | None


class Place(NamedTuple):
    """Where in a list to go on."""

    next_page: int
    page_size: int

    @property
    def is_start(self) -> bool:
        """Whether nothing of the list counts as read."""
        return self.next_page == 1


class WalkMoved(Exception):
    """A walk goes on at another place, and at once: Xero answers."""


class RowNotGiven(WalkMoved):
    """Xero cannot give one of the rows of a page: smaller pages find it.

    `item_count` is how many rows the list has, None where Xero does not tell. A page that would
    hold all of them is no smaller.
    """

    def __init__(self, item_count: int | None) -> None:
        super().__init__("a row is not given")
        self.item_count = item_count


class ListMoved(WalkMoved):
    """A walk cannot go on where it was: what is numbered so is not what it was.

    `page_size` is the size of page that Xero gave in place of the one that was asked for; None
    where so much has left the list that it is to be read from the start.
    """

    def __init__(self, why: str, *, page_size: int | None = None) -> None:
        super().__init__(why)
        self.page_size = page_size


def of_first(page: responses.Page, asked: int) -> int:
    """Return how many rows the pages of a list hold, by its first one."""
    return min(page.page_size or asked, asked)


def told_by(page: responses.Page, number: int, row: Checkpoint) -> dict[str, int]:
    """Return the column of the size where a first page tells of another than was asked for."""
    return {"page_size": of_first(page, row.page_size)} if number == 1 else {}


def check(page: responses.Page, asked: int) -> None:
    """Make sure that a later page is of the size by which it was numbered.

    :raises ListMoved: it is of another.
    """
    if page.page_size and page.page_size != asked:
        raise ListMoved(f"its pages hold {page.page_size} rows", page_size=page.page_size)


def after(row: Checkpoint, error: Exception) -> Place | None:
    """Return where to go on after a failure; None where another place would not help."""
    if isinstance(error, errors.TimedOut):
        return _smaller(row)
    if isinstance(error, RowNotGiven):
        return _smaller(row, than=error.item_count)
    if isinstance(error, ListMoved):
        if error.page_size is None or row.item_count is None:
            return Place(1, error.page_size or row.page_size)
        return _at(row, error.page_size)
    return None


def after_deaths(row: Checkpoint) -> Place | None:
    """Return where to go on where a page may be more than a worker can hold; None as in `after`."""
    return _smaller(row)


def _smaller(row: Checkpoint, than: int | None = None) -> Place | None:
    """Return where to go on in smaller pages; None where they are as small as they get.

    :param than: rows that a page must not hold all of.
    """
    size = next_down(row.page_size)
    while size is not None and than and size >= than and (smaller := next_down(size)):
        size = smaller
    if size is None:
        return None
    return _at(row, size) if row.item_count is not None else Place(1, size)


def next_down(page_size: int) -> int | None:
    """Return the next smaller size; None where there is none."""
    return next((one for one in SIZES if one < page_size and not page_size % one), None)


def larger(row: Checkpoint, page: responses.Page, *, pages_read: int) -> Place | None:
    """Return where to go on in larger pages; None where they are not due or do not begin here.

    :param page: the last one that came.
    :param pages_read: of this size.
    """
    size = _next_up(row.page_size)
    grows_after = _GROWS_AFTER.get(row.page_size, _GROWS_AFTER_OTHERWISE)
    if size is None or row.item_count is None or pages_read < grows_after:
        return None
    place = _at(row, size)
    return None if place.is_start or not _is_quick(page, size / row.page_size) else place


def of_next_walk(row: Checkpoint) -> int:
    """Return the size of the first page of a walk after one that went well."""
    return _next_up(row.page_size) or row.page_size


def _next_up(page_size: int) -> int | None:
    return next((one for one in reversed(SIZES) if one > page_size), None)


def _is_quick(page: responses.Page, times: float) -> bool:
    return page.seconds * times <= limits.read_seconds() / 2


def _at(row: Checkpoint, size: int) -> Place:
    """Return where what was read ends in pages of another size; the start where it ends in one."""
    rows = (row.next_page - 1) * row.page_size
    return Place(1 if rows % size else rows // size + 1, size)
