"""What the page of report #0442 shows: one page of rows, and the totals of all of them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from invoices import document_rows, paging, queries
from invoices.document_rows import DocumentRow
from reports import columns, synced_invoices
from reports.synced_invoices import Criteria


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a row below its column."""

    column: columns.Column
    value: Any


@dataclass(frozen=True, slots=True)
class Line:
    """One document as a line of the page."""

    row: document_rows.ShownRow
    cells: list[Cell]
    # Our id of its contact; None where that one is not stored.
    payer_id: int | None = None


def contents_of(
    criteria: Criteria, *, after: paging.Edge | None, before: paging.Edge | None, today: date
) -> dict[str, object]:
    """Return rows, totals and the edges of the neighbouring pages; a fixed number of queries."""
    page = paging.page_of(synced_invoices.documents_of(criteria), after=after, before=before)
    totals = synced_invoices.totals_of(criteria)
    return {
        "page": page,
        "columns": columns.PAGE,
        "lines": _lines(page.documents, criteria, today),
        "totals": totals,
        "count": sum(total.count for total in totals),
        "cancelled_count": sum(total.cancelled_count for total in totals),
    }


def _lines(rows: list[DocumentRow], criteria: Criteria, today: date) -> list[Line]:
    known = document_rows.with_learners(rows, organisation=criteria.organisation)
    payers = queries.payer_ids(
        [row.contact_xero_id for row in rows], organisation=criteria.organisation
    )
    return [
        Line(
            row,
            [Cell(column, getattr(row.document, column.field)) for column in columns.PAGE],
            payers.get(row.document.contact_xero_id),
        )
        for row in document_rows.shown_rows_of(known, today=today)
    ]
