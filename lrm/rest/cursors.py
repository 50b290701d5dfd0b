"""Lists in pages, cut by a key that never changes.

A row keeps its place whatever becomes of it, so whoever reads a list to its end meets every row
that was there all the time exactly once. What is new meanwhile may come or not: the next reading
with `updated_since` has it. A cursor names the last row of a page, in the order of its list.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from rest_framework import exceptions

M = TypeVar("M", bound=Model)

MOST_CHARACTERS = 300


@dataclass(frozen=True)
class Order:
    """The key that a list goes by: its name in cursors, its columns and how each is read.

    :param is_newest_first: of a single column, whether its highest value comes first.
    """

    name: str
    columns: tuple[tuple[str, Callable[[Any], Any]], ...]
    is_newest_first: bool = False

    @property
    def by(self) -> list[str]:
        """The order as Django takes it."""
        sign = "-" if self.is_newest_first else ""
        return [f"{sign}{name}" for name, _ in self.columns]

    def after(self, values: Sequence[Any]) -> Q:
        """Return the condition of what comes after a row with these values."""
        beyond = "lt" if self.is_newest_first else "gt"
        (first, _), *rest = self.columns
        condition = Q(**{f"{first}__{beyond}": values[0]})
        if rest:
            ((second, _),) = rest
            both = condition | Q(**{f"{second}__{beyond}": values[1]})
            # Says nothing new where the first differs, but lets an index skip ahead.
            return Q(**{f"{first}__{beyond}e": values[0]}) & both
        return condition


def whole(value: Any) -> int:
    """Read a number that an id may be."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError("no id")
    return value


def uuid(value: Any) -> UUID:
    """Read one of Xero's ids."""
    if not isinstance(value, str):
        raise TypeError("no UUID")
    return UUID(value)


@dataclass(frozen=True)
class Page:
    """Rows, and the cursor of what follows; None at the end."""

    rows: list[Any]
    next: str | None


def page_of(rows: QuerySet[M], order: Order, *, cursor: str, limit: int) -> Page:
    """Return the page after a cursor, the first one where it is empty.

    :raises ValidationError: the cursor is none of this list's.
    """
    if cursor:
        rows = rows.filter(order.after(_read(cursor, order)))
    found: list[Any] = list(rows.order_by(*order.by)[: limit + 1])
    shown = found[:limit]
    return Page(shown, _written(shown[-1], order) if len(found) > limit else None)


def _written(row: Any, order: Order) -> str:
    values = [getattr(row, name) for name, _ in order.columns]
    known = [order.name, *(one if isinstance(one, int) else str(one) for one in values)]
    text = json.dumps(known, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _exactly(name: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value != name:
            raise ValueError("a cursor of another list")
        return name

    return read


def _read(cursor: str, order: Order) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        said = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        # The first says whose cursor it is, so that none is taken for another list's.
        parts = [((), _exactly(order.name)), *order.columns]
        return [read(one) for (_, read), one in zip(parts, said, strict=True)][1:]
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise exceptions.ValidationError(
            {"cursor": ["This is no cursor of this list. Take it from `next`, as it is."]}
        ) from None
