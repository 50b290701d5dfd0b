"""What the page of report #0442 shows: one page of rows, and the totals of all of them."""

from dataclasses import dataclass
from datetime import date

from invoices import applied, words
from invoices.models import Document, Kind
from reports import paging, synced_invoices
from reports.synced_invoices import Criteria, LearnerNumber


@dataclass(frozen=True, slots=True)
class PageRow:
    """One document as a line of the page."""

    document: Document
    name: str
    kind: str
    status: words.Status
    is_cancelled: bool
    is_out_of_balance: bool
    learners: list[LearnerNumber]


def contents_of(
    criteria: Criteria, *, after: paging.Edge | None, before: paging.Edge | None, today: date
) -> dict[str, object]:
    """Return rows, totals and the edges of the neighbouring pages; a fixed number of queries."""
    page = paging.page_of(synced_invoices.documents_of(criteria), after=after, before=before)
    totals = synced_invoices.totals_of(criteria)
    return {
        "page": page,
        "rows": _rows(page.documents, criteria, today),
        "totals": totals,
        "count": sum(total.count for total in totals),
        "cancelled_count": sum(total.cancelled_count for total in totals),
    }


def _rows(documents: list[Document], criteria: Criteria, today: date) -> list[PageRow]:
    learners = synced_invoices.learners_by_contact(
        organisation=criteria.organisation,
        contact_ids=[document.contact_xero_id for document in documents],
    )
    refunds = applied.refunds_of(documents)
    return [
        PageRow(
            document=document,
            name=words.name_of(document),
            kind=Kind(document.kind).label,
            status=words.status_of(
                document, today=today, refunded=refunds.get(document.id, words.ZERO)
            ),
            is_cancelled=words.is_cancelled(document),
            is_out_of_balance=document.status in words.OUT_OF_BALANCES,
            learners=learners.get(document.contact_xero_id, []) if document.contact_xero_id else [],
        )
        for document in documents
    ]
