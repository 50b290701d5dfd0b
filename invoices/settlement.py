"""What was settled of a document, by one rule for every page, every file and every total.

Of an invoice both figures are Xero's own. Lists of credits tell neither what was refunded nor what
was used: what was refunded is the sum of the credit's payments, and what is neither refunded nor
left was used. So total - paid - credited = due holds for whatever is approved, to the cent.

The rule is SQL, because files of a million documents are made where the rows are. A row looks its
refunds up, credits only. `invoices.document_sums` keeps what the refunds of many add up to.
"""

from decimal import Decimal
from typing import Any

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
    When(status__in=words.APPROVED, then=F("total") - F("amount_due")),
    default=_NOTHING,
    output_field=_AMOUNT,
)
# Credited to an invoice, used of a credit.
CREDITED = Case(
    When(Q(kind=Kind.INVOICE) | ~Q(status__in=words.APPROVED), then=_SETTLED_BY_CREDIT),
    default=_SETTLED_BY_CREDIT - _REFUNDED,
    output_field=_AMOUNT,
)


def with_settlement(documents: QuerySet[Document]) -> "QuerySet[Any]":
    """Return the documents with `paid` and `credited`."""
    return documents.annotate(paid=PAID, credited=CREDITED)
