"""What a list is asked for, and which rows answer it.

The parameters are those of Xero's requests-and-responses and resource pages; a parameter that a
resource does not know is ignored, as Xero does.
"""

import bisect
import datetime
import email.utils
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from xero_simulator import habits, simulations
from xero_simulator.accounting_api import fields, plain_forms, where, xero_json
from xero_simulator.ledger import ledgers

DEFAULT_PAGE_SIZE = 100
# Xero refuses unpaged lists of so many records, and fields that it has not optimised; its sentence
# for it as one saw it (freakboy3742/pyxero, issue 373).
TOO_MANY = (
    "Your request is not filtering {} efficiently, given the extremely high volume for this "
    "organisation"
)
OPTIMISED = frozenset(
    (
        *("status", "type", "reference", "invoicenumber", "amountpaid", "amountdue", "date"),
        *("duedate", "invoiceid", "creditnoteid", "overpaymentid", "prepaymentid", "contactid"),
        *("contact.contactid", "contact.name", "contact.contactnumber", "updateddateutc"),
        *("name", "emailaddress"),
    )
)


class Refused(Exception):
    """The query is answered with 400: ErrorNumber, Type and Message as Xero gives them.

    Or the message alone, as plain text.
    """

    def __init__(self, number: int, kind: str, message: str, *, is_bare: bool = False) -> None:
        super().__init__(message)
        self.number = number
        self.kind = kind
        self.is_bare = is_bare

    @property
    def as_answer(self) -> tuple[int, str, str, bool]:
        """Return what `accounting_errors.query_parse` makes an answer of."""
        return self.number, self.kind, str(self), self.is_bare


class Asked(NamedTuple):
    """The parameters that every list knows."""

    page: int | None
    page_size: int
    where: str
    order: str
    since_ms: int | None
    summary_only: bool
    include_archived: bool
    search: str
    four_decimals: bool
    most_listed: int = 0
    # What the guard of very large organisations calls the list, and how it behaves.
    collection: str = ""
    guards_more_than: int = habits.Habits.guards_more_than
    guard_speaks_json: bool = False

    @property
    def is_paged(self) -> bool:
        """Return whether the answer is a page: summaryOnly forces paging."""
        return self.page is not None or self.summary_only

    def too_many(self) -> Refused:
        """Return the guard's refusal."""
        message = TOO_MANY.format(self.collection)
        return Refused(10, "ValidationException", message, is_bare=not self.guard_speaks_json)


def read(request: web.Request) -> Asked:
    """Read the common parameters; a page size out of range is silently put into it."""
    got = request.query
    most = simulations.of(request).options.max_page_size
    page = _whole(got.get("page"))
    size = _whole(got.get("pageSize"))
    return Asked(
        page=max(1, page) if page is not None else None,
        page_size=min(most, max(1, size)) if size is not None else min(most, DEFAULT_PAGE_SIZE),
        where=got.get("where", "").strip(),
        order=got.get("order", "").strip(),
        since_ms=_since(request.headers.get("If-Modified-Since", "")),
        summary_only=is_true(got.get("summaryOnly")),
        include_archived=is_true(got.get("includeArchived")),
        search=got.get("searchTerm", "").strip().casefold(),
        four_decimals=got.get("unitdp") == "4",
        most_listed=simulations.of(request).options.most_listed,
        collection=request.path.rpartition("/")[2],
        guards_more_than=simulations.of(request).habits.guards_more_than,
        guard_speaks_json=simulations.of(request).habits.guard_speaks_json,
    )


def is_true(text: str | None) -> bool:
    """Read a boolean in any letter case: official clients write `True`."""
    return (text or "").lower() == "true"


def csv(request: web.Request, name: str) -> list[str]:
    """Return the values of a comma-separated parameter."""
    return [each.strip() for each in request.query.get(name, "").split(",") if each.strip()]


def modified_since(ordered: list[Any], asked: Asked) -> list[Any]:
    """Return the tail of a list in default order that changed since, to the second."""
    if asked.since_ms is None:
        return ordered
    at = bisect.bisect_left(ordered, asked.since_ms, key=operator.attrgetter("updated_ms"))
    return ordered[at:]


def raw_since(elements: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """Return the raw elements that changed since, as they stand."""
    if asked.since_ms is None:
        return elements
    wanted = asked.since_ms
    return [each for each in elements if (fields.ms_of(each.get("UpdatedDateUTC")) or 0) >= wanted]


def filter_and_sort(rows: list[Any], asked: Asked, find_field: where.FindField) -> list[Any]:
    """Return the rows that `where` lets through, in the `order` that is asked for.

    :raises Refused: the expression cannot be read, or is too much work for so many records.
    """
    used: set[str] = set()

    def find_and_note(name: str) -> fields.Field:
        used.add(name.lower())
        return find_field(name)

    every = len(rows)
    try:
        if asked.where:
            rows = where.read(asked.where, find_and_note)(rows)
        if asked.order:
            rows = _sorted(rows, asked.order, find_and_note)
    except (where.Unreadable, fields.UnknownField) as error:
        raise Refused(16, "QueryParseException", str(error)) from error
    if (every > asked.guards_more_than and not used <= OPTIMISED) or (
        len(rows) > asked.guards_more_than and not asked.is_paged
    ):
        raise asked.too_many()
    return rows


def among(
    rows: Iterable[Any], wanted: Sequence[str], read_value: Callable[[Any], str]
) -> list[Any]:
    """Keep the rows whose value is one of those, in any letter case; ids without dashes too."""
    values = {plain_forms.plain_id(each) for each in wanted} | {e.casefold() for e in wanted}
    return [row for row in rows if (read_value(row) or "").casefold() in values]


def cut(rows: list[Any], asked: Asked) -> tuple[list[Any], xero_json.Paging | None]:
    """Return the rows of the page, and the member that describes the paging.

    summaryOnly is paged without saying so, as probed against the live service.

    :raises Refused: there are more than may be listed, paged or not (Xero's page on large
        organisations can be read either way, so it is a knob).
    """
    if 0 < asked.most_listed < len(rows):
        raise asked.too_many()
    if not asked.is_paged:
        return rows, None
    page, size = asked.page or 1, asked.page_size
    paging = xero_json.Paging(page, size, -(-len(rows) // size), len(rows))
    start = (page - 1) * size
    return rows[start : start + size], None if asked.summary_only else paging


def _sorted(rows: list[Any], order: str, find_field: where.FindField) -> list[Any]:
    """Sort by several fields: the last first, because Python's sort is stable."""
    for part in reversed(order.split(",")):
        name, _, direction = part.strip().partition(" ")
        direction = direction.strip().upper()
        if direction not in ("", "ASC", "DESC"):
            raise where.Unreadable(f"Syntax error '{direction}'")
        read_value = find_field(name).read
        try:
            rows = sorted(rows, key=read_value, reverse=direction == "DESC")
        except TypeError:
            rows = sorted(rows, key=_none_first(read_value), reverse=direction == "DESC")
    return rows


def _none_first(read_value: Callable[[Any], Any]) -> Callable[[Any], tuple[bool, Any]]:
    def key(row: Any) -> tuple[bool, Any]:
        value = read_value(row)
        return (value is not None, 0 if value is None else value)

    return key


def _whole(text: str | None) -> int | None:
    try:
        return int(text) if text else None
    except ValueError:
        return None


def _since(text: str) -> int | None:
    """Read If-Modified-Since: ISO 8601 or an HTTP date, naive meaning UTC, cut to the second."""
    instant = _iso(text.strip()) or _http_date(text)
    if instant is None:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=datetime.UTC)
    return ledgers.to_ms(instant.replace(microsecond=0))


def _iso(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


def _http_date(text: str) -> datetime.datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None


class AnswerCache:
    """The last few answers to where and order; a changed version of the books makes another key.

    A walk asks the same question once a page; only the first page has to search.
    """

    def __init__(self, size: int = 8) -> None:
        self._size = size
        self._answers: dict[tuple[Any, ...], list[Any]] = {}

    def rows(self, key: tuple[Any, ...], find: Callable[[], list[Any]]) -> list[Any]:
        """Return the cached answer to this key, or find and cache it."""
        if key not in self._answers:
            while len(self._answers) >= self._size:
                del self._answers[next(iter(self._answers))]
            self._answers[key] = find()
        return self._answers[key]


def key_of(request: web.Request) -> tuple[tuple[str, str], ...]:
    """Return the cache key of a query: all its parameters but the page itself, and the guard."""
    guard = ("", str(simulations.of(request).habits.guards_more_than))
    given = ((k, v) for k, v in request.query.items() if k not in ("page", "pageSize"))
    return tuple(sorted([guard, *given]))
