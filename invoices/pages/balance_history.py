"""How a learner's balance came to be what it is: one line a currency, by day.

An invoice adds to what is owed on its date and a payment takes off on its own; a credit takes off
its total on its date, whichever invoice it is used for, and a refund gives that back. So the line
ends at what is owed less the credit that is left. Where Xero tells of an amount paid without the
payment's date, it counts on the day the invoice was fully paid, or today.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from invoices import words
from invoices.models import Document, Kind, Payment

# With fewer a list says as much as a picture.
A_HANDFUL = 5
# Who has more is no person, and the picture would be a block.
MOST_DOCUMENTS = 5_000


@dataclass(frozen=True, slots=True)
class History:
    """The balance of one currency after each day on which it changed, oldest first."""

    currency: str
    points: tuple[tuple[date, Decimal], ...]


def histories_of(documents: QuerySet[Document], *, today: date) -> list[History]:
    """Return the line of each currency that has more than a handful of documents; four queries."""
    approved = documents.filter(status__in=words.APPROVED).order_by()
    counts = dict(approved.values_list("currency").annotate(Count("pk")).order_by("currency"))
    shown = [currency for currency, count in counts.items() if count > A_HANDFUL]
    if not shown or sum(counts.values()) > MOST_DOCUMENTS:
        return []
    changes: dict[str, dict[date, Decimal]] = {currency: defaultdict(Decimal) for currency in shown}
    for currency, day, amount in _changes(approved.filter(currency__in=shown), today):
        changes[currency][min(day, today)] += amount
    return [
        History(currency, _summed(changes[currency]))
        for currency in shown
        if len(changes[currency]) > 1
    ]


def _changes(approved: QuerySet[Document], today: date) -> Iterator[tuple[str, date, Decimal]]:
    """Yield by how much the balance of a currency rose on a day."""
    is_invoice = Q(kind=Kind.INVOICE)
    invoices = approved.filter(is_invoice)
    for currency, day, amount in _sums(invoices, "total", "date"):
        yield currency, day or today, amount
    for currency, day, amount in _sums(approved.exclude(is_invoice), "total", "date"):
        yield currency, day or today, -amount
    undated: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for currency, day, amount in _sums(invoices, "amount_paid", "fully_paid_on"):
        undated[currency, day or today] += amount
    payments = Payment.objects.filter(document__in=approved.values("pk")).order_by()
    grouped = payments.values_list(
        "document__currency", "document__kind", "date", "document__fully_paid_on"
    ).annotate(Sum("amount"))
    for currency, kind, day, paid_on, amount in grouped:
        if kind == Kind.INVOICE:
            undated[currency, paid_on or today] -= amount
            yield currency, day or paid_on or today, -amount
        else:
            yield currency, day or today, amount
    for (currency, day), amount in undated.items():
        yield currency, day, -amount


def _sums(documents: QuerySet[Document], column: str, day: str) -> list[tuple[str, Any, Decimal]]:
    return list(documents.values_list("currency", day).annotate(Sum(column)))


def _summed(changes: dict[date, Decimal]) -> tuple[tuple[date, Decimal], ...]:
    days = sorted(changes)
    sums = accumulate(changes[day] for day in days)
    return tuple(zip(days, sums, strict=True))
