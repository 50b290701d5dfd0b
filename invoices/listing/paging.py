"""Pages of documents cut by key: the last page of a million rows is as near as the first.

The edge between two pages is a document's place in the order and its id, which also stands in the
address. Orders by date come from one index, `(organisation, date, id)` or that of a contact's
documents, read forwards or backwards. PostgreSQL puts rows without a value at the index's end:
going newest first they come before all others.
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q, QuerySet

from invoices.listing import document_rows
from invoices.listing.document_rows import DocumentRow
from invoices.models import Document

PAGE_SIZE = 100
_EDGE = re.compile(r"([0-9T:.+-]{1,40}|undated)\.(\d{1,18})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """A column to go by, and which way. Rows that are equal in it go by their ids."""

    field: str
    is_descending: bool = True

    @property
    def names(self) -> tuple[str, str]:
        """The order as Django takes it."""
        sign = "-" if self.is_descending else ""
        return f"{sign}{self.field}", f"{sign}id"

    @property
    def reversed(self) -> "Order":
        """The same, read from its other end."""
        return Order(self.field, not self.is_descending)

    def by(self, names: Mapping[str, str]) -> "Order":
        """Return the order of a query in which something else stands for its column."""
        return Order(names.get(self.field, self.field), self.is_descending)

    def after(self, edge: "Edge") -> Q:
        """Return the condition of what comes after an edge."""
        name, value = self.field, edge.at
        beyond = "lt" if self.is_descending else "gt"
        later = Q(**{f"id__{beyond}": edge.id})
        if value is None:
            equal = Q(**{name: None}) & later
            return equal | Q(**{f"{name}__isnull": False}) if self.is_descending else equal
        further = Q(**{f"{name}__{beyond}": value})
        if self.is_descending:
            # The first condition says nothing new, but it lets the index skip ahead.
            return Q(**{f"{name}__lte": value}) & (further | later)
        return further | Q(**{name: value}) & later | Q(**{name: None})


NEWEST = Order("date")


@dataclass(frozen=True, slots=True)
class Edge:
    """The document next to which a page begins or ends: its value in the order, and its id."""

    at: datetime.date | datetime.datetime | Decimal | None
    id: int

    def __str__(self) -> str:
        if self.at is None:
            return f"undated.{self.id}"
        is_amount = isinstance(self.at, Decimal)
        return f"{self.at if is_amount else self.at.isoformat()}.{self.id}"  # type: ignore[union-attr]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of documents and the edges of its neighbours; None where there is none."""

    documents: list[DocumentRow]
    newer: Edge | None
    older: Edge | None


def edge_from(text: str, *, order: Order = NEWEST) -> Edge | None:
    """Return the edge in an address, or None for nonsense: the first page is shown then."""
    match = _EDGE.fullmatch(text)
    if match is None:
        return None
    try:
        at = None if match[1] == "undated" else _value_from(match[1], order.field)
    except (ValueError, InvalidOperation):
        return None
    return Edge(at, int(match[2]))


def _value_from(text: str, field: str) -> Any:
    if field in {"synced_at", "created_at"}:
        moment = datetime.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("A moment has a zone.")
        return moment
    if field in {"total", "amount_due"}:
        return Decimal(text)
    if not _DAY.fullmatch(text):
        raise ValueError("A day is written like 2026-07-01.")
    return datetime.date.fromisoformat(text)


def page_of(
    documents: QuerySet[Document],
    *,
    after: Edge | None = None,
    before: Edge | None = None,
    size: int = PAGE_SIZE,
    order: Order = NEWEST,
    names: Mapping[str, str] = document_rows.OWN_NAMES,
) -> Page:
    """Return the page after an edge, the one before it, or the first.

    :param names: what of the query stands for a field, where it is not the field itself.
    """
    if before is not None and after is None:
        return _page_before(documents, before, size, order, names)
    asked = order.by(names)
    rows = documents if after is None else documents.filter(asked.after(after))
    found = document_rows.rows_of(rows.order_by(*asked.names)[: size + 1], names=names)
    shown = found[:size]
    return Page(
        documents=shown,
        newer=_edge_at(shown, 0, order) if after is not None else None,
        older=_edge_at(shown, -1, order) if len(found) > size else None,
    )


def _page_before(
    documents: QuerySet[Document], edge: Edge, size: int, order: Order, names: Mapping[str, str]
) -> Page:
    back = order.by(names).reversed
    rows = documents.filter(back.after(edge)).order_by(*back.names)
    found = document_rows.rows_of(rows[: size + 1], names=names)
    shown = found[:size][::-1]
    return Page(
        documents=shown,
        newer=_edge_at(shown, 0, order) if len(found) > size else None,
        older=_edge_at(shown, -1, order),
    )


def _edge_at(documents: list[DocumentRow], position: int, order: Order) -> Edge | None:
    if not documents:
        return None
    document = documents[position]
    return Edge(getattr(document, order.field), document.id)
