"""Pages of documents cut by key: the last page of a million rows is as near as the first.

The edge between two pages is a document's date and id, which also stands in the address. Both
orders come from one index, `(organisation, date, id)` or that of a contact's documents, read
forwards or backwards; PostgreSQL puts rows without a date at its end, so going newest first they
come before all others.
"""

import re
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from invoices import document_rows
from invoices.document_rows import DocumentRow
from invoices.models import Document

PAGE_SIZE = 100
_EDGE = re.compile(r"(\d{4}-\d{2}-\d{2}|undated)\.(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Edge:
    """The document next to which a page begins or ends."""

    on: date | None
    id: int

    def __str__(self) -> str:
        return f"{self.on.isoformat() if self.on else 'undated'}.{self.id}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of documents and the edges of its neighbours; None where there is none."""

    documents: list[DocumentRow]
    newer: Edge | None
    older: Edge | None


def edge_from(text: str) -> Edge | None:
    """Return the edge in an address, or None for nonsense: the first page is shown then."""
    match = _EDGE.fullmatch(text)
    if match is None:
        return None
    try:
        on = None if match[1] == "undated" else date.fromisoformat(match[1])
    except ValueError:
        return None
    return Edge(on, int(match[2]))


def page_of(
    documents: QuerySet[Document],
    *,
    after: Edge | None = None,
    before: Edge | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """Return the page of older documents after an edge, of newer ones before it, or the first."""
    if before is not None and after is None:
        return _page_before(documents, before, size)
    rows = documents if after is None else documents.filter(_older_than(after))
    found = document_rows.rows_of(rows.order_by("-date", "-id")[: size + 1])
    shown = found[:size]
    return Page(
        documents=shown,
        newer=_edge_at(shown, 0) if after is not None else None,
        older=_edge_at(shown, -1) if len(found) > size else None,
    )


def _page_before(documents: QuerySet[Document], edge: Edge, size: int) -> Page:
    rows = documents.filter(_newer_than(edge)).order_by("date", "id")
    found = document_rows.rows_of(rows[: size + 1])
    shown = found[:size][::-1]
    return Page(
        documents=shown,
        newer=_edge_at(shown, 0) if len(found) > size else None,
        older=_edge_at(shown, -1),
    )


def _edge_at(documents: list[DocumentRow], position: int) -> Edge | None:
    if not documents:
        return None
    document = documents[position]
    return Edge(document.date, document.id)


def _older_than(edge: Edge) -> Q:
    if edge.on is None:
        return Q(date=None, id__lt=edge.id) | Q(date__isnull=False)
    # The first condition says nothing new, but it is the one that lets the index skip ahead.
    return Q(date__lte=edge.on) & (Q(date__lt=edge.on) | Q(id__lt=edge.id))


def _newer_than(edge: Edge) -> Q:
    if edge.on is None:
        return Q(date=None, id__gt=edge.id)
    return Q(date__gt=edge.on) | Q(date=edge.on, id__gt=edge.id) | Q(date=None)
