"""What Learner > Xero Invoices shows, put together with a fixed number of queries.

The page and the fragment that keeps it live are made from the same `LearnerDocuments`, so that
they cannot differ. Templates get plain values; nothing in them queries in a loop.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from django.core.paginator import Page, Paginator
from django.db.models import Q

from connected_apps.models import Organisation
from invoices import applied, online, queries, words
from invoices.models import Document, Kind
from lrm.models import Learner


class Shows(Enum):
    """What the page has to say; each empty state has a sentence of its own."""

    NOT_CONNECTED = "not connected"
    NO_CONTACT = "no contact"
    NO_DOCUMENTS = "no documents"
    NONE_MATCH = "none match"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Row:
    """One document as a line of the table."""

    document: Document
    name: str
    kind: str
    is_credit: bool
    status: words.Status
    is_cancelled: bool
    # Out of the balances: cancelled, or not approved yet.
    is_out_of_balance: bool
    # Of an invoice Xero's own figures. Of a credit the sums of its refunds and of its
    # allocations, since Xero sends no such figures on credits.
    paid: Decimal
    credited: Decimal
    applications: list[applied.Application]
    # Why there is no online invoice to open; empty where there is one.
    reason_against_online: str
    is_changed: bool


@dataclass(frozen=True, slots=True)
class LearnerDocuments:
    """The whole table with its balances, and the version it was made from."""

    shows: Shows
    organisation: Organisation | None = None
    rows: tuple[Row, ...] = ()
    page: Page[Document] | None = None
    balances: tuple[queries.Balance, ...] = ()
    version: queries.Version = queries.NOT_CONNECTED

    @property
    def changed_names(self) -> str:
        """The names of the changed rows with their new status, for people who listen."""
        changed = [f"{row.name}: {row.status.text}" for row in self.rows if row.is_changed]
        if len(changed) > 3:
            return f"{len(changed)} documents changed."
        return f"Changed: {'; '.join(changed)}." if changed else ""


def documents_of_learner_page(
    *,
    learner: Learner,
    organisation: Organisation | None,
    condition: Q,
    page_number: str,
    today: date,
    seen_through: datetime | None = None,
) -> LearnerDocuments:
    """Return what the page shows: `condition` narrows the rows, never the balances.

    Rows stored after `seen_through` are marked as changed; None marks nothing. A page number
    that is nonsense or beyond the end gives the nearest page there is.
    """
    if organisation is None:
        return LearnerDocuments(Shows.NOT_CONNECTED)
    contact_ids = queries.contact_ids_of(learner=learner, organisation=organisation)
    # The version is read first: what is stored meanwhile then shows twice rather than never.
    version = queries.version_of_documents(
        organisation=organisation, contact_ids=contact_ids, today=today
    )
    if not contact_ids:
        return LearnerDocuments(Shows.NO_CONTACT, organisation, version=version)
    if version.latest_at is None:
        return LearnerDocuments(Shows.NO_DOCUMENTS, organisation, version=version)
    documents = queries.documents_of_contacts(organisation=organisation, contact_ids=contact_ids)
    page = Paginator(documents.filter(condition), queries.PAGE_SIZE).get_page(page_number)
    rows = rows_of(
        list(page.object_list), organisation=organisation, today=today, seen_through=seen_through
    )
    return LearnerDocuments(
        Shows.DOCUMENTS if rows else Shows.NONE_MATCH,
        organisation,
        rows=tuple(rows),
        page=page,
        balances=tuple(queries.balances_of(documents, today=today)),
        version=version,
    )


def rows_of(
    documents: list[Document],
    *,
    organisation: Organisation,
    today: date,
    seen_through: datetime | None = None,
) -> list[Row]:
    """Return the documents as rows, in their order, with four queries for all of them."""
    applications = applied.applications_of(documents, organisation=organisation)
    refunds = applied.refunds_of(documents)
    return [
        _row(
            document,
            applications=applications.get(document.id, []),
            refunded=refunds.get(document.id, words.ZERO),
            today=today,
            seen_through=seen_through,
        )
        for document in documents
    ]


def _row(
    document: Document,
    *,
    applications: list[applied.Application],
    refunded: Decimal,
    today: date,
    seen_through: datetime | None,
) -> Row:
    is_credit = document.kind != Kind.INVOICE
    used = sum((application.amount for application in applications), words.ZERO)
    return Row(
        document=document,
        name=words.name_of(document),
        kind=Kind(document.kind).label,
        is_credit=is_credit,
        status=words.status_of(document, today=today, refunded=refunded),
        is_cancelled=words.is_cancelled(document),
        is_out_of_balance=document.status in words.OUT_OF_BALANCES,
        paid=refunded if is_credit else document.amount_paid,
        credited=used if is_credit else document.amount_credited,
        applications=applications,
        reason_against_online=online.reason_against(document),
        is_changed=seen_through is not None and document.synced_at > seen_through,
    )
