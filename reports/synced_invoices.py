"""Report #0442: the synced documents of one organisation by document date, with totals.

Rows come newest first. Undated documents (drafts may lack a date) come before all others and
only where no date range is asked for. Every row is one document, also where several learners
share its payer: their numbers stand side by side in it.

Totals are per kind and currency, never across. `count` and `total` are those of all rows listed,
so that they can be checked by adding up the list; voided and deleted ones are told apart beside
them. What was paid and credited, or refunded and used, follows the rule of `invoices.settlement`.
`amount_due` is what Xero's own receivables show: approved documents only, without drafts, those
awaiting approval, voided and deleted ones.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from connected_apps.models import Organisation
from invoices import document_rows, settlement, words
from invoices.document_rows import DocumentRow
from invoices.models import ContactLink, Document, Kind
from lrm.models import Learner

# Rows of an export that are in memory at a time.
BATCH = 2000
_ZERO = Decimal(0)
_KIND_ORDER = {kind.value: position for position, kind in enumerate(Kind)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Criteria:
    """What the report is asked for. Dates are document dates, both ends belong to the range."""

    organisation: Organisation
    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    kind: str = ""
    status: str = ""
    currency: str = ""
    learner: Learner | None = None


@dataclass(slots=True)
class Total:
    """The totals of one kind in one currency; see the module for what counts where."""

    kind: str
    currency: str
    count: int = 0
    total: Decimal = _ZERO
    cancelled_count: int = 0
    cancelled_total: Decimal = _ZERO
    amount_paid: Decimal = _ZERO
    amount_credited: Decimal = _ZERO
    amount_due: Decimal = _ZERO

    @property
    def standing_total(self) -> Decimal:
        """The total without what was voided or deleted."""
        return self.total - self.cancelled_total

    @property
    def label(self) -> str:
        """The kind in words, for several."""
        return f"{Kind(self.kind).label}s"

    def add(self, row: DocumentRow) -> None:
        """Count one more row."""
        self.count += 1
        self.total += row.total
        self.amount_paid += row.paid
        self.amount_credited += row.credited
        if row.status in words.CANCELLED:
            self.cancelled_count += 1
            self.cancelled_total += row.total
        if row.status not in words.OUT_OF_BALANCES:
            self.amount_due += row.amount_due


class RunningTotals:
    """The totals of rows as an export passes them on: they cannot differ from its rows."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str], Total] = {}

    def watch(self, rows: Iterable[DocumentRow]) -> Iterator[DocumentRow]:
        """Pass the rows on and count them."""
        for row in rows:
            key = row.kind, row.currency
            if key not in self._totals:
                self._totals[key] = Total(*key)
            self._totals[key].add(row)
            yield row

    def in_order(self) -> list[Total]:
        """Return the totals of all rows passed so far."""
        return _in_order(self._totals.values())


def documents_of(criteria: Criteria) -> QuerySet[Document]:
    """Return the documents the report lists, newest first, without their raw form."""
    documents = Document.objects.filter(_condition(criteria), organisation=criteria.organisation)
    return documents.defer("raw", "digest").order_by("-date", "-id")


def _condition(criteria: Criteria) -> Q:
    asked = {
        "date__gte": criteria.date_from,
        "date__lte": criteria.date_to,
        "kind": criteria.kind,
        "status": criteria.status,
        "currency": criteria.currency,
    }
    condition = Q(**{name: value for name, value in asked.items() if value})
    if criteria.learner is not None:
        links = ContactLink.objects.filter(
            organisation=criteria.organisation, learner=criteria.learner
        )
        condition &= Q(contact_xero_id__in=links.values("contact_xero_id"))
    return condition


def totals_of(criteria: Criteria) -> list[Total]:
    """Return the totals by two SQL queries, in order of kind and currency."""
    documents = documents_of(criteria)
    refunds = settlement.refunds_by(documents, "kind", "currency")
    is_cancelled = Q(status__in=words.CANCELLED)
    rows = (
        documents.order_by()
        .values("kind", "currency")
        .annotate(
            # Not named as columns are, which a filter would then mistake them for.
            all_count=Count("id"),
            all_total=_sum("total"),
            cancelled_count=Count("id", filter=is_cancelled),
            cancelled_total=_sum("total", is_cancelled),
            due=_sum("amount_due", ~Q(status__in=words.OUT_OF_BALANCES)),
            **settlement.SUMS_BEFORE_REFUNDS,
        )
    )
    return _in_order(
        _total(row, refunds.get((row["kind"], row["currency"]), settlement.Refunds()))
        for row in rows
    )


def _total(row: Mapping[str, Any], refunds: settlement.Refunds) -> Total:
    return Total(
        kind=row["kind"],
        currency=row["currency"],
        count=row["all_count"],
        total=row["all_total"],
        cancelled_count=row["cancelled_count"],
        cancelled_total=row["cancelled_total"],
        amount_paid=row["all_paid"] + refunds.in_all,
        amount_credited=row["all_credited"] - refunds.of_approved,
        amount_due=row["due"],
    )


def _sum(column: str, condition: Q | None = None) -> Coalesce:
    return Coalesce(Sum(column, filter=condition), _ZERO, output_field=DecimalField(max_digits=30))


def _in_order(totals: Iterable[Total]) -> list[Total]:
    return sorted(totals, key=lambda total: (_KIND_ORDER[total.kind], total.currency))


def rows_of(criteria: Criteria) -> Iterator[DocumentRow]:
    """Yield every row, with never more than a batch of them in memory."""
    return document_rows.stream_rows(
        documents_of(criteria), organisation=criteria.organisation, batch_size=BATCH
    )


TOTAL_FIELDS = tuple(field.name for field in fields(Total))
