"""One document as a row: the same words, amounts and links on every page and in every file.

`DocumentRow` holds what a row is made of, read without the raw JSON, and knows its words. It is a
tuple because files are written from millions of them. `ShownRow` adds what only a page shows: the
status on a day, and what was applied to what.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from connected_apps.models import Organisation
from invoices import applied, online, queries, settlement, withheld, words
from invoices.models import Document, Kind, LineItem, Payment
from invoices.queries import LearnerNumber


class DocumentRow(NamedTuple):
    """One document; every field but the last two is read by its own name (`FIELDS`)."""

    id: int
    xero_id: UUID
    kind: str
    number: str
    reference: str
    status: str
    date: datetime.date | None
    due_date: datetime.date | None
    currency: str
    total: Decimal
    # Paid of an invoice, refunded of a credit; see `invoices.settlement`.
    paid: Decimal
    # Credited to an invoice, used of a credit.
    credited: Decimal
    # Due on an invoice, left of a credit.
    amount_due: Decimal
    contact_xero_id: UUID | None
    contact_name: str
    synced_at: datetime.datetime
    # Of its contact; several where they share a payer. See `queries.OfDocument`.
    learners: tuple[LearnerNumber, ...] = ()
    is_withheld: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return words.name_of(self)

    @property
    def kind_label(self) -> str:
        """Its kind in words."""
        return Kind(self.kind).label

    @property
    def is_credit(self) -> bool:
        """Whether it is a credit of any kind."""
        return self.kind != Kind.INVOICE

    @property
    def is_cancelled(self) -> bool:
        """Whether it was voided or deleted in Xero."""
        return self.status in words.CANCELLED

    @property
    def is_out_of_balance(self) -> bool:
        """Whether it stands in no balance: cancelled, not approved, or of a status not known."""
        return self.status not in words.APPROVED

    @property
    def paid_word(self) -> str:
        """What `paid` is called."""
        return "Refunded" if self.is_credit else "Paid"

    @property
    def credited_word(self) -> str:
        """What `credited` is called."""
        return "Used" if self.is_credit else "Credited"

    @property
    def due_word(self) -> str:
        """What `amount_due` is called."""
        return "Credit left" if self.is_credit else "Due"

    @property
    def reason_against_online(self) -> str:
        """Why there is no online invoice to open; empty where there is one."""
        return online.reason_against(self)

    @property
    def reason_against_pdf(self) -> str:
        """Why Xero has no PDF of it; empty where it may have one."""
        return online.reason_against_pdf(self)

    @property
    def withheld_words(self) -> str:
        """What is said where it is withheld from a learner; empty where it is not."""
        return withheld.WORDS if self.is_withheld else ""

    @property
    def learner_number(self) -> str:
        """The numbers of its learners as one text."""
        return "; ".join(learner.number for learner in self.learners)


OWN_NAMES: Mapping[str, str] = {}
FIELDS = tuple(name for name in DocumentRow._fields if name not in queries.OfDocument._fields)


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row as a page shows it."""

    document: DocumentRow
    status: words.Status
    applications: tuple[applied.Application, ...] = ()
    is_changed: bool = False
    # The first of its lines and its payments, where the page opens a row in place.
    lines: tuple[LineItem, ...] = ()
    has_more_lines: bool = False
    payments: tuple[Payment, ...] = ()


def one_currency_of(rows: Iterable[ShownRow]) -> str:
    """Return the currency that all rows have; empty where there are several."""
    currencies = {row.document.currency for row in rows}
    return currencies.pop() if len(currencies) == 1 else ""


def values_of(
    documents: QuerySet[Document], *, names: Mapping[str, str] = OWN_NAMES
) -> "QuerySet[Any, tuple[Any, ...]]":
    """Return the query of the values of rows, in the order of `FIELDS`.

    :param names: what of the query stands for a field, where it is not the field itself.
    """
    settled = settlement.with_settlement(documents)
    return settled.values_list(*(names.get(name, name) for name in FIELDS))


def row_of(values: tuple[Any, ...]) -> DocumentRow:
    """Return the row of values that `values_of` gave."""
    return DocumentRow._make((*values, *queries.OfDocument()))


def rows_of(
    documents: QuerySet[Document], *, names: Mapping[str, str] = OWN_NAMES
) -> list[DocumentRow]:
    """Return the documents as rows, in their order, by one query; `names` as for `values_of`."""
    return [row_of(values) for values in values_of(documents, names=names)]


def with_learners(rows: Sequence[DocumentRow], *, organisation: Organisation) -> list[DocumentRow]:
    """Return the rows with the learners they name; one query for all as a rule."""
    named = queries.learners_by_document(
        organisation=organisation, contacts={row.id: row.contact_xero_id for row in rows}
    )
    # Their fields are the last; `_replace` would take twice as long.
    return [
        DocumentRow._make((*row[: len(FIELDS)], *named[row.id])) if row.id in named else row
        for row in rows
    ]


def shown_rows_of(rows: Iterable[DocumentRow], *, today: datetime.date) -> list[ShownRow]:
    """Return the rows with their status on a day; no query."""
    return [ShownRow(row, words.status_of(row, today=today)) for row in rows]


def applied_rows_of(
    rows: list[DocumentRow],
    *,
    organisation: Organisation,
    today: datetime.date,
    seen_through: datetime.datetime | None = None,
) -> list[ShownRow]:
    """Return the rows with their status and what was applied to what; three queries for all.

    Rows stored after `seen_through` are marked as changed; None marks nothing.
    """
    applications = applied.applications_of(rows, organisation=organisation)
    return [
        ShownRow(
            row,
            words.status_of(row, today=today),
            tuple(applications.get(row.id, ())),
            seen_through is not None and row.synced_at > seen_through,
        )
        for row in rows
    ]
