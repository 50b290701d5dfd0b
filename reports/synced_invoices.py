"""Report #0442: the synced documents of one organisation by document date, with totals.

Rows come newest first. Undated documents (drafts may lack a date) come before all others and
only where no date range is asked for. Every row is one document, also where several learners
share its payer: their numbers stand side by side in it.

Totals are per kind and currency, never across. `count` and `total` are those of all rows listed,
so that they can be checked by adding up the list; voided and deleted ones are told apart beside
them. `amount_due` is what Xero's own receivables show: approved documents only, without drafts,
those awaiting approval, voided and deleted ones.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, DecimalField, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from connected_apps.models import Organisation
from invoices import words
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


class LearnerNumber(NamedTuple):
    """A learner as far as a report names one."""

    id: int
    number: str


class Row(NamedTuple):
    """One document, in the order in which `_COLUMNS` are read."""

    kind: str
    number: str
    reference: str
    status: str
    date: datetime.date | None
    due_date: datetime.date | None
    currency: str
    total: Decimal
    amount_paid: Decimal
    amount_credited: Decimal
    amount_due: Decimal
    contact: str
    xero_id: UUID
    learner_number: str


_COLUMNS = (
    "kind",
    "number",
    "reference",
    "status",
    "date",
    "due_date",
    "currency",
    "total",
    "amount_paid",
    "amount_credited",
    "amount_due",
    "contact_name",
    "xero_id",
    "contact_xero_id",
)


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

    def add(self, row: Row) -> None:
        """Count one more row."""
        self.count += 1
        self.total += row.total
        self.amount_paid += row.amount_paid
        self.amount_credited += row.amount_credited
        if row.status in words.CANCELLED:
            self.cancelled_count += 1
            self.cancelled_total += row.total
        if row.status not in words.OUT_OF_BALANCES:
            self.amount_due += row.amount_due


class RunningTotals:
    """The totals of rows as an export passes them on: they cannot differ from its rows."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str], Total] = {}

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
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
    """Return the totals by one SQL query, in order of kind and currency."""
    is_cancelled = Q(status__in=words.CANCELLED)
    rows = (
        documents_of(criteria)
        .order_by()
        .values("kind", "currency")
        .annotate(
            # Not named as columns are, which a filter would then mistake them for.
            all_count=Count("id"),
            all_total=_sum("total"),
            cancelled_count=Count("id", filter=is_cancelled),
            cancelled_total=_sum("total", is_cancelled),
            all_paid=_sum("amount_paid"),
            all_credited=_sum("amount_credited"),
            due=_sum("amount_due", ~Q(status__in=words.OUT_OF_BALANCES)),
        )
        .values_list(
            "kind",
            "currency",
            "all_count",
            "all_total",
            "cancelled_count",
            "cancelled_total",
            "all_paid",
            "all_credited",
            "due",
        )
    )
    return _in_order(Total(*row) for row in rows)


def _sum(column: str, condition: Q | None = None) -> Coalesce:
    return Coalesce(Sum(column, filter=condition), _ZERO, output_field=DecimalField(max_digits=30))


def _in_order(totals: Iterable[Total]) -> list[Total]:
    return sorted(totals, key=lambda total: (_KIND_ORDER[total.kind], total.currency))


def rows_of(criteria: Criteria) -> Iterator[Row]:
    """Yield every row, with never more than a batch of them in memory.

    The rows are one snapshot: a server-side cursor reads them in a transaction of their own.
    """
    with transaction.atomic():
        found = documents_of(criteria).values_list(*_COLUMNS).iterator(chunk_size=BATCH)
        while batch := list(islice(found, BATCH)):
            numbers = learners_by_contact(
                organisation=criteria.organisation, contact_ids={values[-1] for values in batch}
            )
            for *values, contact_id in batch:
                yield Row._make([*values, joined_numbers(numbers.get(contact_id, []))])


def learners_by_contact(
    *, organisation: Organisation, contact_ids: Iterable[UUID | None]
) -> dict[UUID, list[LearnerNumber]]:
    """Return the learners of each contact, in order of number; one query."""
    links = ContactLink.objects.filter(
        organisation=organisation, contact_xero_id__in={one for one in contact_ids if one}
    )
    found: dict[UUID, list[LearnerNumber]] = defaultdict(list)
    columns = "contact_xero_id", "learner_id", "learner__number"
    for contact_id, learner_id, number in links.order_by("learner__number").values_list(*columns):
        found[contact_id].append(LearnerNumber(learner_id, number))
    return found


def joined_numbers(learners: Iterable[LearnerNumber]) -> str:
    """Return the numbers of all learners of a payer as one text."""
    return "; ".join(learner.number for learner in learners)


TOTAL_FIELDS = tuple(field.name for field in fields(Total))
