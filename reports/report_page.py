"""What the page of report #0442 shows: one page of rows, and what all of them add up to."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from invoices import queries
from invoices.listing import document_rows, paging
from invoices.listing.document_rows import DocumentRow
from reports import columns, completeness, pictures, synced_invoices, totals
from reports.synced_invoices import Criteria

# The count of what shows no learner reads these many documents and no more.
MOST_COUNTED = 50_000


@dataclass(frozen=True, slots=True)
class Line:
    """One document as a line of the page."""

    row: document_rows.ShownRow
    # Our id of its contact; None where that one is not stored.
    payer_id: int | None = None
    # Dated after today.
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the table, and the address that sorts by it."""

    column: columns.PageColumn
    address: str = ""
    # `aria-sort`; empty where the rows do not go by it.
    sorted: str = ""


def contents_of(
    criteria: Criteria,
    *,
    after: str,
    before: str,
    query: dict[str, str],
    now: datetime,
) -> dict[str, object]:
    """Return rows, totals and the edges of the neighbouring pages; a fixed number of queries."""
    found = totals.totals_of(criteria)
    # Without an index to go by, an order has to be made of all rows.
    is_sorted = found.is_counted and found.count <= MOST_COUNTED
    is_by_date = criteria.order.field in {"date", "synced_at"}
    shown = criteria if is_sorted or is_by_date else dataclasses.replace(criteria, sort="")
    order = shown.order
    page = paging.page_of(
        synced_invoices.documents_of(shown),
        after=paging.edge_from(after, order=order),
        before=paging.edge_from(before, order=order),
        order=order,
        names=shown.names,
    )
    lines = _lines(page.documents, criteria)
    return {
        "page": page,
        "headings": _headings(shown, query),
        "lines": lines,
        "totals": found,
        "is_order_left_out": shown is not criteria,
        "most_sorted": MOST_COUNTED,
        "pictures": pictures.pictures_of(
            found.currencies, first=criteria.organisation.base_currency
        ),
        "most_pictures": pictures.MOST_PICTURES,
        "ages": list(zip(totals.AGES, totals.AGE_KEYS, strict=True)),
        "panel": completeness.panel_of(criteria, now=now),
        "no_learner_count": _no_learner_count(criteria, found),
        "has_withheld": any(line.row.document.is_withheld for line in lines),
    }


def _no_learner_count(criteria: Criteria, found: totals.Totals) -> int | None:
    """Return how many rows *No learner* would leave, or leaves; None where that takes long.

    :param found: what the rows as they are asked for add up to.
    """
    if not found.is_counted or found.count > MOST_COUNTED:
        return None
    if criteria.no_learner:
        return found.count
    alone = dataclasses.replace(criteria, no_learner=True)
    return synced_invoices.documents_of(alone).order_by().count()


def _lines(rows: list[DocumentRow], criteria: Criteria) -> list[Line]:
    known = document_rows.with_learners(rows, organisation=criteria.organisation)
    payers = queries.payer_ids(
        [row.contact_xero_id for row in rows], organisation=criteria.organisation
    )
    return [
        Line(
            row,
            payers.get(row.document.contact_xero_id),
            row.document.date is not None and row.document.date > criteria.today,
        )
        for row in document_rows.shown_rows_of(known, today=criteria.today)
    ]


def _headings(criteria: Criteria, query: dict[str, str]) -> list[Heading]:
    return [_heading(column, criteria, query) for column in columns.PAGE]


def _heading(column: columns.PageColumn, criteria: Criteria, query: dict[str, str]) -> Heading:
    if not column.sorts:
        return Heading(column)
    is_current = criteria.sort in column.sorts
    others = [sort for sort in column.sorts if sort != criteria.sort]
    wanted = others[0] if others else ""
    address = urlencode({**{k: v for k, v in query.items() if k != "sort"}, "sort": wanted})
    ways = {True: "descending", False: "ascending"}
    return Heading(column, address, ways[criteria.order.is_descending] if is_current else "")
