"""What the documents of report #0442 add up to, for each kind and currency, never across.

Every total is one equation, in each row: the total, less what was voided or deleted, less what is
not approved, less what was paid or refunded, less what was credited or used, is what is due or
left.
All figures are Xero's own or follow from them (`invoices.settlement`). Not approved is all that is
neither approved nor cancelled; a status that is not known here is no approval, so nobody is said to
owe it. Credits are money we owe: `net` has them with a minus.

One statement reads all of it, so that no figure on a page belongs to another moment than the rest.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from invoices import document_sums, words
from invoices.document_sums import Sql
from invoices.models import Kind
from reports import as_at, kept_cells, synced_invoices
from reports.synced_invoices import Criteria

# Where sums are not kept for what is asked, so many documents are added up and no more: more take
# too long for somebody who waits.
MOST_READ = 50_000
ZERO = Decimal(0)
KIND_ORDER = {kind.value: position for position, kind in enumerate(Kind)}
AGES = ("Not due yet", "1 to 30 days", "31 to 60 days", "61 to 90 days", "Over 90 days")
AGE_KEYS = ("", "30", "60", "90", "over-90")
# The same as fields of `Total`, and what files and programs call them.
AGE_FIELDS = (
    *("not_due_yet", "overdue_1_to_30", "overdue_31_to_60"),
    *("overdue_61_to_90", "overdue_over_90"),
)

_AGE = """CASE WHEN due_date IS NULL OR due_date >= %s THEN 0 WHEN %s - due_date <= 30 THEN 1
    WHEN %s - due_date <= 60 THEN 2 WHEN %s - due_date <= 90 THEN 3 ELSE 4 END"""


class Group(NamedTuple):
    """Documents that the report does not tell apart, and what they add up to."""

    kind: str
    currency: str
    status: str
    month: datetime.date | None
    is_ahead: bool
    age: int
    documents: int
    total: Decimal
    due: Decimal
    paid: Decimal
    credited: Decimal
    refunded: Decimal


@dataclass(slots=True)
class Total:
    """The totals of one kind in one currency; see the module for what counts where."""

    kind: str
    currency: str
    count: int = 0
    total: Decimal = ZERO
    cancelled_count: int = 0
    cancelled_total: Decimal = ZERO
    unapproved_count: int = 0
    unapproved_total: Decimal = ZERO
    amount_paid: Decimal = ZERO
    amount_credited: Decimal = ZERO
    amount_due: Decimal = ZERO
    # Of invoices: how old what is due is. Together they are `amount_due`.
    not_due_yet: Decimal = ZERO
    overdue_1_to_30: Decimal = ZERO
    overdue_31_to_60: Decimal = ZERO
    overdue_61_to_90: Decimal = ZERO
    overdue_over_90: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """What is due to the organisation: credits with a minus."""
        return self.amount_due if self.kind == Kind.INVOICE else -self.amount_due

    @property
    def standing_total(self) -> Decimal:
        """The total without what was voided or deleted."""
        return self.total - self.cancelled_total

    @property
    def unexplained(self) -> Decimal:
        """By how much Xero's own figures of approved invoices do not add up; zero as a rule."""
        settled = self.amount_paid + self.amount_credited + self.amount_due
        return self.standing_total - self.unapproved_total - settled

    @property
    def label(self) -> str:
        """The kind in words, for several."""
        return f"{Kind(self.kind).label}s"

    def add(
        self,
        *,
        status: str,
        total: Decimal,
        paid: Decimal,
        credited: Decimal,
        due: Decimal,
        age: int,
        documents: int = 1,
    ) -> None:
        """Count documents of one status; `age` is a place in `AGES`."""
        self.count += documents
        self.total += total
        if status in words.CANCELLED:
            self.cancelled_count += documents
            self.cancelled_total += total
        elif status not in words.APPROVED:
            self.unapproved_count += documents
            self.unapproved_total += total
        else:
            self.amount_paid += paid
            self.amount_credited += credited
            self.amount_due += due
            if self.kind == Kind.INVOICE:
                name = AGE_FIELDS[age]
                setattr(self, name, getattr(self, name) + due)


@dataclass(slots=True)
class Month:
    """What is dated in one month, in one currency: invoices, and what became of them."""

    first: datetime.date
    invoiced: Decimal = ZERO
    settled: Decimal = ZERO
    due: Decimal = ZERO
    credits: Decimal = ZERO


@dataclass(slots=True)
class OfCurrency:
    """Everything in one currency: what is owed and how old that is, and the picture's months."""

    currency: str
    owed: Decimal = ZERO
    overdue: Decimal = ZERO
    credit_left: Decimal = ZERO
    # Of `owed`: what is dated after today.
    ahead: Decimal = ZERO
    ahead_count: int = 0
    ages: list[Decimal] = field(default_factory=lambda: [ZERO] * len(AGES))
    months: dict[datetime.date, Month] = field(default_factory=dict)

    @property
    def net(self) -> Decimal:
        """What remains to be received once every credit is used."""
        return self.owed - self.credit_left

    @property
    def named_ages(self) -> list[tuple[str, Decimal]]:
        """What is owed by how late it is, each with its heading."""
        headings = (AGES[0], *(f"{late} overdue" for late in AGES[1:]))
        return list(zip(headings, self.ages, strict=True))


@dataclass(frozen=True, slots=True)
class Totals:
    """All that the report adds up. `is_counted` is False where there is too much to add up."""

    rows: Sequence[Total] = ()
    currencies: Sequence[OfCurrency] = ()
    is_counted: bool = True

    @property
    def count(self) -> int:
        """How many documents match."""
        return sum(row.count for row in self.rows)

    @property
    def cancelled_count(self) -> int:
        """How many of them were voided or deleted."""
        return sum(row.cancelled_count for row in self.rows)


def totals_of(criteria: Criteria) -> Totals:
    """Return the totals: from the sums that are kept, else from the documents themselves."""
    wanted = criteria.wanted
    if wanted is not None:
        kept = kept_cells.cells_of(criteria, wanted, most=MOST_READ)
        if kept is not None:
            return _of_groups(_read(kept, criteria.today))
        # For a past day since which too much has moved few of what is asked for may be read.
        if synced_invoices.are_more_than(MOST_READ, criteria):
            return Totals(is_counted=False)
    documents = synced_invoices.documents_of(criteria)
    names = as_at.CELL_NAMES if criteria.as_at else {}
    cells = document_sums.cells_of(documents, most=MOST_READ + 1, names=names)
    groups = _read(cells, criteria.today)
    if sum(group.documents for group in groups) > MOST_READ:
        return Totals(is_counted=False)
    return _of_groups(groups)


def _read(cells: Sql, today: datetime.date) -> list[Group]:
    statement = f"""
        SELECT kind, currency, status, date_trunc('month', date)::date,
               coalesce(date > %s, FALSE), {_AGE},
               sum(documents)::bigint, sum(total), sum(amount_due), sum(amount_paid),
               sum(amount_credited), sum(refunded)
        FROM ({cells.text}) AS cell
        GROUP BY 1, 2, 3, 4, 5, 6
    """  # noqa: S608 - put together by `document_sums`
    with connection.cursor() as cursor:
        cursor.execute(statement, [today] * 5 + list(cells.parameters))
        groups = [Group(*row) for row in cursor.fetchall()]
    return [group for group in groups if any(group[6:])]


def _of_groups(groups: Iterable[Group]) -> Totals:
    rows: dict[tuple[str, str], Total] = {}
    currencies: dict[str, OfCurrency] = {}
    for group in groups:
        key = group.kind, group.currency
        row = rows.setdefault(key, Total(*key))
        paid, credited = _settled(group)
        row.add(
            status=group.status,
            total=group.total,
            paid=paid,
            credited=credited,
            due=group.due,
            age=group.age,
            documents=group.documents,
        )
        whole = currencies.setdefault(group.currency, OfCurrency(group.currency))
        if group.status in words.APPROVED:
            _add_balance(whole, group)
        if group.status not in words.CANCELLED and group.month is not None:
            month = whole.months.setdefault(group.month, Month(group.month))
            _add_month(month, group, settled=paid + credited)
    return Totals(
        in_order(rows.values()), sorted(currencies.values(), key=lambda one: one.currency)
    )


def _settled(group: Group) -> tuple[Decimal, Decimal]:
    """Return what was paid or refunded, and what was credited or used; see `settlement`."""
    if group.kind == Kind.INVOICE:
        return group.paid, group.credited
    if group.status not in words.APPROVED:
        return group.refunded, ZERO
    return group.refunded, group.total - group.due - group.refunded


def _add_balance(whole: OfCurrency, group: Group) -> None:
    if group.kind != Kind.INVOICE:
        whole.credit_left += group.due
        return
    whole.owed += group.due
    whole.ages[group.age] += group.due
    if group.age:
        whole.overdue += group.due
    if group.is_ahead and group.due:
        whole.ahead += group.due
        whole.ahead_count += group.documents


def _add_month(month: Month, group: Group, *, settled: Decimal) -> None:
    if group.status not in words.APPROVED:
        return
    if group.kind != Kind.INVOICE:
        month.credits += group.total
        return
    month.invoiced += group.total
    month.settled += settled
    month.due += group.due


def in_order(totals: Iterable[Total]) -> list[Total]:
    """Return totals in order of kind and currency."""
    return sorted(totals, key=lambda total: (KIND_ORDER[total.kind], total.currency))


def _age_of(days_overdue: int) -> int:
    """Return the place in `AGES`, as `_AGE` has it."""
    return 0 if days_overdue <= 0 else min((days_overdue - 1) // 30 + 1, len(AGES) - 1)


class RunningTotals:
    """The totals of rows as a file takes them on: they cannot differ from its rows."""

    def __init__(self) -> None:
        self._totals: defaultdict[tuple[str, str], Total] = defaultdict()

    def add(
        self,
        kind: str,
        currency: str,
        status: str,
        days_overdue: int,
        amounts: Sequence[Decimal],
    ) -> None:
        """Count one row; amounts are its total, paid, credited and due."""
        key = kind, currency
        if key not in self._totals:
            self._totals[key] = Total(*key)
        total, paid, credited, due = amounts
        self._totals[key].add(
            status=status,
            total=total,
            paid=paid,
            credited=credited,
            due=due,
            age=_age_of(days_overdue),
        )

    def in_order(self) -> list[Total]:
        """Return the totals of all rows so far."""
        return in_order(self._totals.values())
