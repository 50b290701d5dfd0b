"""What Learner > Xero Invoices shows, put together with a fixed number of queries.

The page and the fragment that keeps it live are made from the same `LearnerDocuments`, so that
they cannot differ. Templates get plain values; nothing in them queries in a loop.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from connected_apps.models import Organisation
from invoices import queries, withheld
from invoices.covering import billed
from invoices.listing import document_rows, filters, quick_filters, row_details
from invoices.models import Document, Kind
from invoices.pages import balance_chart, balance_history
from lrm import snapshots
from lrm.models import Learner


class Shows(Enum):
    """What the page has to say; each empty state has a sentence of its own."""

    NOT_CONNECTED = "not connected"
    NO_CONTACT = "no contact"
    NO_DOCUMENTS = "no documents"
    NONE_MATCH = "none match"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class LearnerDocuments:
    """The whole table with its balances, and the version it was made from."""

    shows: Shows
    organisation: Organisation | None = None
    rows: tuple[document_rows.ShownRow, ...] = ()
    page: Page[tuple[Any, ...]] | None = None
    balances: tuple[queries.Balance, ...] = ()
    charts: tuple[balance_chart.Chart, ...] = ()
    counts: quick_filters.Counts | None = None
    # The oldest open invoice that can be opened, for the button beside what is owed.
    first_due: document_rows.DocumentRow | None = None
    # What others owe for the learner: in no row and no balance above.
    others: billed.Billed = field(default_factory=billed.Billed)
    # Came with a merge in Xero from somebody else's contact: in no row and no balance either.
    kept_off: withheld.Withheld = withheld.NOTHING
    version: queries.Version = queries.NOT_CONNECTED

    @property
    def currency(self) -> str:
        """The one currency of the rows, which then stands once above them; else empty."""
        return document_rows.one_currency_of(self.rows)

    @property
    def changed_names(self) -> str:
        """The names of the changed rows with their new status, for people who listen."""
        rows = (*self.rows, *(row.shown for row in self.others.covering))
        changed = [f"{row.document.name}: {row.status.text}" for row in rows if row.is_changed]
        if len(changed) > 3:
            return f"{len(changed)} documents changed."
        return f"Changed: {'; '.join(changed)}." if changed else ""


@snapshots.one_moment()
def documents_of_learner_page(
    *,
    learner: Learner,
    organisation: Organisation | None,
    condition: Q,
    order: tuple[Any, ...],
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
    contact_ids, kept_off = queries.contacts_and_withheld(
        learner=learner, organisation=organisation
    )
    # All of it is of one moment: what is stored meanwhile shows with the next version.
    own = queries.version_of_documents(
        organisation=organisation,
        contact_ids=contact_ids,
        today=today,
        without=kept_off.document_ids,
    )
    billed_to_others = billed.version_of(learner=learner, organisation=organisation)
    shared: dict[str, Any] = {
        "organisation": organisation,
        "version": queries.together(own, billed_to_others),
        "kept_off": kept_off,
        "others": billed.billed_to_others(
            learner=learner,
            organisation=organisation,
            contact_ids=contact_ids,
            today=today,
            seen_through=seen_through,
        ),
    }
    if not contact_ids:
        return LearnerDocuments(Shows.NO_CONTACT, **shared)
    if own.latest_at is None:
        return LearnerDocuments(Shows.NO_DOCUMENTS, **shared)
    documents = queries.documents_of_contacts(
        organisation=organisation, contact_ids=contact_ids, without=kept_off.document_ids
    )
    values = document_rows.values_of(documents.filter(condition).order_by(*order))
    page = Paginator(values, queries.PAGE_SIZE).get_page(page_number)
    rows = document_rows.applied_rows_of(
        [document_rows.row_of(values) for values in page.object_list],
        organisation=organisation,
        today=today,
        seen_through=seen_through,
    )
    return LearnerDocuments(
        Shows.DOCUMENTS if rows else Shows.NONE_MATCH,
        rows=row_details.with_details(rows),
        page=page,
        balances=tuple(queries.balances_of(documents, today=today)),
        charts=tuple(
            balance_chart.chart_of(history, today=today)
            for history in balance_history.histories_of(documents, today=today)
        ),
        counts=quick_filters.counts_of(documents, today=today),
        first_due=_first_due(documents),
        **shared,
    )


def _first_due(documents: QuerySet[Document]) -> document_rows.DocumentRow | None:
    """Return the open invoice that is due first, or longest; it can be opened online."""
    due = documents.filter(filters.OPEN, kind=Kind.INVOICE)
    rows = document_rows.rows_of(due.order_by("due_date", "id")[:1])
    return rows[0] if rows else None


def version_of_page(
    *, learner: Learner, organisation: Organisation | None, today: date
) -> queries.Version:
    """Return the version of all that the page shows; three queries, five where any was moved."""
    if organisation is None:
        return queries.NOT_CONNECTED
    return queries.together(
        queries.version_of_learner_documents(
            learner=learner, organisation=organisation, today=today
        ),
        billed.version_of(learner=learner, organisation=organisation),
    )
