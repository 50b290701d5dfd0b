"""What was settled of a document, by one rule for every page, every file and every total.

Of an invoice both figures are Xero's own. Lists of credits tell neither what was refunded nor what
was used: what was refunded is the sum of the credit's payments, and what is neither refunded nor
left was used. So total - paid - credited = due holds for whatever is approved, to the cent.

The rule is SQL, because totals and files over a million documents are made where the rows are. A
row looks its refunds up, credits only; totals add the refunds of all credits up at once, since a
hundred thousand single looks would take seconds.
"""

from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    DecimalField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from invoices import words
from invoices.models import Document, Kind, Payment

_AMOUNT: "DecimalField[Any, Any]" = DecimalField(max_digits=30, decimal_places=4)
_NOTHING = Value(Decimal(0), output_field=_AMOUNT)
_REFUNDED = Coalesce(
    Subquery(
        Payment.objects.filter(document=OuterRef("pk"))
        .order_by()
        .values("document")
        .values_list(Sum("amount"))
    ),
    _NOTHING,
    output_field=_AMOUNT,
)
REFUNDED_OF_CREDIT = Case(
    When(kind=Kind.INVOICE, then=_NOTHING), default=_REFUNDED, output_field=_AMOUNT
)
# Paid of an invoice, refunded of a credit.
PAID = Case(When(kind=Kind.INVOICE, then=F("amount_paid")), default=_REFUNDED, output_field=_AMOUNT)
# Credited to an invoice; used or refunded of a credit. Nothing is of what is not approved, or no
# longer is.
_SETTLED_BY_CREDIT = Case(
    When(kind=Kind.INVOICE, then=F("amount_credited")),
    When(status__in=words.OUT_OF_BALANCES, then=_NOTHING),
    default=F("total") - F("amount_due"),
    output_field=_AMOUNT,
)
# Credited to an invoice, used of a credit.
CREDITED = Case(
    When(Q(kind=Kind.INVOICE) | Q(status__in=words.OUT_OF_BALANCES), then=_SETTLED_BY_CREDIT),
    default=_SETTLED_BY_CREDIT - _REFUNDED,
    output_field=_AMOUNT,
)


def with_settlement(documents: QuerySet[Document]) -> "QuerySet[Any]":
    """Return the documents with `paid` and `credited`."""
    return documents.annotate(paid=PAID, credited=CREDITED)


# The sums of both over any group of documents, before its `Refunds` are added and taken off.
SUMS_BEFORE_REFUNDS = {
    "all_paid": Sum(F("amount_paid"), filter=Q(kind=Kind.INVOICE), default=_NOTHING),
    "all_credited": Sum(_SETTLED_BY_CREDIT, default=_NOTHING),
}


class Refunds(NamedTuple):
    """What was refunded of a group of credits: to be added to what was paid.

    `of_approved` is the part that has to be taken off what was credited.
    """

    in_all: Decimal = Decimal(0)
    of_approved: Decimal = Decimal(0)


def refunds_by(documents: QuerySet[Document], *keys: str) -> dict[tuple[Any, ...], Refunds]:
    """Return the refunds by the values of some columns of their credits; one query."""
    credits_of_them = documents.order_by().exclude(kind=Kind.INVOICE)
    is_out = Q(document__status__in=words.OUT_OF_BALANCES)
    rows = (
        Payment.objects.filter(document__in=credits_of_them.values("pk"))
        .order_by()
        .values_list(*(f"document__{key}" for key in keys))
        .annotate(in_all=Sum("amount"), of_approved=Sum("amount", filter=~is_out, default=_NOTHING))
    )
    return {tuple(row[:-2]): Refunds(*row[-2:]) for row in rows}
