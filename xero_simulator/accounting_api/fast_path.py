"""The fast path of lists: the commonest query, answered without evaluating it row by row.

Clients that re-sync ask for one type of document between two dates, ordered by id. Such a
question is a pass over rows that already stand in that order. Any other question is left to the
general evaluator, `where` and `query`; both must give the same rows.
"""

import bisect
import datetime
import operator
from typing import NamedTuple

from xero_simulator.accounting_api import query, where
from xero_simulator.ledger import ledgers, records, tables

_EQUALS = ("==", "=")
_DAY = datetime.timedelta(days=1)
_id_of = operator.attrgetter("id")
_date_of = operator.attrgetter("date")


class Span(NamedTuple):
    """Documents of a type (empty for any) between two dates, both included."""

    type: str = ""
    first: datetime.date = datetime.date.min
    last: datetime.date = datetime.date.max


def rows_of(
    table: tables.Table[records.Document],
    asked: query.Asked,
    find_field: where.FindField,
    id_field: str,
) -> list[records.Document] | None:
    """Return what answers `where`, `order` and the instant, or None where it is no such question.

    Unpaged lists are left to the general evaluator too: it refuses those that are too long.
    """
    if not asked.is_paged or not asked.where:
        return None
    by_id = asked.order.lower().split() in ([id_field.lower()], [id_field.lower(), "asc"])
    if asked.order and not by_id:
        return None
    span = span_of(asked.where, find_field)
    if span is None:
        return None
    recent = query.modified_since(table.ordered, asked)
    if not by_id or not span.type or len(recent) * 4 < len(table.ordered):
        found = _within(recent, span)
        return sorted(found, key=_id_of) if by_id else found
    found = _in_order_of_ids(table, span)
    since = asked.since_ms
    return found if since is None else [row for row in found if row.updated_ms >= since]


def span_of(expression: str, find_field: where.FindField) -> Span | None:
    """Return the type and dates that an expression asks for, or None where it asks otherwise.

    None also where it cannot be read: the general evaluator says why not.
    """
    try:
        compared = where.comparisons(expression, find_field)
    except where.Unreadable:
        return None
    span: Span | None = Span()
    for each in compared or ():
        span = span and _narrower(span, each)
    return span if compared else None


def _narrower(span: Span, compared: where.Comparison) -> Span | None:
    if compared.field == "type":
        # Types are plain letters; what folds or capitalises oddly is left to the evaluator.
        is_one = compared.sign in _EQUALS and compared.value and compared.value.isascii()
        return span._replace(type=compared.value.lower()) if is_one and not span.type else None
    if compared.field != "date":
        return None
    try:
        first, last = _days(compared.sign, compared.value)
    except (KeyError, OverflowError):
        return None
    return span._replace(first=max(span.first, first), last=min(span.last, last))


def _days(sign: str, day: datetime.date) -> tuple[datetime.date, datetime.date]:
    """Return the first and last day that a comparison lets through.

    :raises KeyError: the sign does not stand for one span of days.
    :raises OverflowError: the day beside this one is beyond the calendar.
    """
    spans = {
        "==": lambda: (day, day),
        "=": lambda: (day, day),
        ">=": lambda: (day, datetime.date.max),
        ">": lambda: (day + _DAY, datetime.date.max),
        "<=": lambda: (datetime.date.min, day),
        "<": lambda: (datetime.date.min, day - _DAY),
    }
    return spans[sign]()


def _within(rows: list[records.Document], span: Span) -> list[records.Document]:
    if not span.type:
        return _between(rows, span)
    # Types are kept in capitals, so that one look at each row is enough.
    wanted, first, last = span.type.upper(), span.first, span.last
    return [row for row in rows if row.type == wanted and first <= row.date <= last]


def _in_order_of_ids(table: tables.Table[records.Document], span: Span) -> list[records.Document]:
    rows, dated = (
        table.grouped[name].of(span.type) for name in (ledgers.TYPE, ledgers.TYPE_BY_DATE)
    )
    start = bisect.bisect_left(dated, span.first, key=_date_of)
    end = bisect.bisect_right(dated, span.last, key=_date_of)
    if end - start == len(rows):
        return rows
    # Sorting a few rows is less work than looking at all.
    if (end - start) * 4 < len(rows):
        return sorted(dated[start:end], key=_id_of)
    return _between(rows, span)


def _between(rows: list[records.Document], span: Span) -> list[records.Document]:
    first, last = span.first, span.last
    return [row for row in rows if first <= row.date <= last]
