"""What documents stood at on a day that has passed, from payments and applied credits by date.

What Xero says now is where it begins: of what is due, or left, each payment, refund and applied
credit dated after the day is put back. So whatever has not moved since then is exactly as Xero has
it, and every row still adds up. A credit is applied from the day on which it, the invoice and the
applying are all dated.

Nobody can know all of that day. Voided documents count as never owed, as in Xero's own reports of a
past day. Amounts and dates edited since, and payments removed since, are as they are now; a
document's history tells of those. What is approved now counts as approved then. `said_of` says so.
"""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    CharField,
    DateField,
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
from django.db.models.functions import Coalesce, Greatest

from connected_apps.models import Organisation
from invoices import settlement, words
from invoices.models import Allocation, Document, Kind, Payment
from lrm import day_formats

DAY = datetime.timedelta(days=1)
_AMOUNT: "DecimalField[Any, Any]" = DecimalField(max_digits=30, decimal_places=4)
_NOTHING = Value(Decimal(0), output_field=_AMOUNT)
_OF_INVOICE = Q(kind=Kind.INVOICE)
# What differs on the day: the field's name, and that of the expression that stands for it.
NAMES: Mapping[str, str] = {
    "status": "status_at",
    "paid": "paid_at",
    "credited": "credited_at",
    "amount_due": "due_at",
    "fully_paid_on": "fully_paid_at",
}
# The same for `document_sums`, which tells what was paid from what was refunded.
CELL_NAMES: Mapping[str, str] = {
    "status": "status_at",
    "amount_due": "due_at",
    "amount_paid": "paid_at",
    "amount_credited": "credited_at",
    "refunded": "refunded_at",
}


def with_amounts(
    documents: QuerySet[Document], organisation: Organisation, day: datetime.date
) -> "QuerySet[Any]":
    """Return the documents with what stands for `NAMES` on the day."""
    paid_later = Case(
        When(status__in=words.APPROVED, then=_paid_after(day)),
        default=_NOTHING,
        output_field=_AMOUNT,
    )
    applied_later = Case(
        When(~Q(status__in=words.APPROVED), then=_NOTHING),
        When(_OF_INVOICE, then=_credited_after(organisation, day)),
        default=_used_after(organisation, day),
        output_field=_AMOUNT,
    )
    moved = settlement.with_settlement(documents).annotate(
        paid_later=paid_later, applied_later=applied_later
    )
    found: QuerySet[Any] = moved.annotate(
        paid_at=F("paid") - F("paid_later"),
        refunded_at=Case(
            When(_OF_INVOICE, then=_NOTHING),
            default=F("paid") - F("paid_later"),
            output_field=_AMOUNT,
        ),
        credited_at=F("credited") - F("applied_later"),
        due_at=F("amount_due") + F("paid_later") + F("applied_later"),
        status_at=Case(
            When(Q(paid_later__gt=0) | Q(applied_later__gt=0), then=Value("AUTHORISED")),
            default=F("status"),
            output_field=CharField(),
        ),
        fully_paid_at=Case(
            When(fully_paid_on__lte=day, then=F("fully_paid_on")), output_field=DateField()
        ),
    )
    return found


def moved_after(organisation: Organisation, day: datetime.date, *, most: int) -> list[int]:
    """Return documents with a payment or an applied credit after the day; `most` and one at most.

    All others stand now as they did then.
    """
    payments = Payment.objects.filter(document__organisation=organisation, date__gt=day)
    found = set(payments.values_list("document_id", flat=True).distinct()[: most + 1])
    applied = list(
        _allocations(organisation)
        .filter(on__gt=day)
        .values_list("document_id", "invoice_xero_id")[: most + 1]
    )
    found.update(document_id for document_id, _ in applied)
    invoices = {invoice_id for _, invoice_id in applied if invoice_id}
    documents = Document.objects.filter(
        organisation=organisation, kind=Kind.INVOICE, xero_id__in=invoices
    )
    found.update(documents.values_list("pk", flat=True))
    return sorted(found)[: most + 1]


def said_of(organisation: Organisation, day: datetime.date, *, zone: ZoneInfo) -> list[str]:
    """Return in sentences what the figures of the day are, and what nobody can know; one query."""
    end = datetime.datetime.combine(day + DAY, datetime.time.min, zone)
    gone = Document.objects.filter(
        organisation=organisation, date__lte=day, status__in=words.CANCELLED, updated_at__gte=end
    ).count()
    said = [
        f"What was owed on {day_formats.short_day(day)}: documents dated until then, without the "
        "payments, refunds and applied credits that are dated after it."
    ]
    if gone:
        many = "document was" if gone == 1 else "documents were"
        counts = "counts" if gone == 1 else "count"
        said.append(
            f"{gone:,} {many} voided, deleted or changed while voided since then and {counts} as "
            "never owed, as in Xero's own reports of a past day."
        )
    said.append(
        "Amounts and dates edited since then, and payments removed since then, are as they are "
        "now, and what is approved now counts as approved then: a document's history says more."
    )
    return said


def _paid_after(day: datetime.date) -> Coalesce:
    later = Payment.objects.filter(document=OuterRef("pk"), date__gt=day)
    return _sum(later, "document")


def _credited_after(organisation: Organisation, day: datetime.date) -> Coalesce:
    later = _allocations(organisation).filter(invoice_xero_id=OuterRef("xero_id"), on__gt=day)
    return _sum(later, "invoice_xero_id")


def _used_after(organisation: Organisation, day: datetime.date) -> Coalesce:
    later = _allocations(organisation).filter(document=OuterRef("pk"), on__gt=day)
    return _sum(later, "document")


def _allocations(organisation: Organisation) -> "QuerySet[Any]":
    """Return what was applied, and from which day `on`; never of a cancelled credit."""
    invoice = Document.objects.filter(
        organisation=organisation, kind=Kind.INVOICE, xero_id=OuterRef("invoice_xero_id")
    )
    # The greatest of what there is: PostgreSQL leaves out what is not known.
    on = Greatest("date", "document__date", Subquery(invoice.values("date")[:1]))
    of_approved = Allocation.objects.filter(
        document__organisation=organisation, document__status__in=words.APPROVED
    )
    return of_approved.order_by().annotate(on=on)


def _sum(rows: "QuerySet[Any]", by: str) -> Coalesce:
    added = rows.order_by().values(by).annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(added, output_field=_AMOUNT), _NOTHING, output_field=_AMOUNT)
