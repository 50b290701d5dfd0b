"""How many documents each quick filter above a learner's table would show."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from invoices.listing import filters
from invoices.models import Document, Kind


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts, by the quick filter's own name."""

    all: int
    open: int
    overdue: int
    settled: int
    credits: int


def counts_of(documents: QuerySet[Document], *, today: date) -> Counts:
    """Return the counts by one query."""
    overdue = filters.OPEN & Q(kind=Kind.INVOICE, due_date__lt=today)
    found = documents.order_by().aggregate(
        all=Count("pk"),
        open=Count("pk", filter=filters.OPEN),
        overdue=Count("pk", filter=overdue),
        settled=Count("pk", filter=Q(status="PAID")),
        credits=Count("pk", filter=~Q(kind=Kind.INVOICE)),
    )
    return Counts(**found)
