"""Sales documents as Xero has them and as they are stored here, in one shape."""

from decimal import Decimal
from typing import Any

from invoices.models import Document
from tests.support.linked import Linked

SALES = {
    "ACCREC": "INVOICE",
    "ACCRECCREDIT": "CREDIT_NOTE",
    "RECEIVE-OVERPAYMENT": "OVERPAYMENT",
    "RECEIVE-PREPAYMENT": "PREPAYMENT",
}
Row = tuple[Any, ...]


def theirs(linked: Linked) -> dict[tuple[str, str], Row]:
    """Return the sales documents of Xero's books by kind and id."""
    return {
        (SALES[one["type"]], one["xero_id"]): (
            one["number"] or "",
            one["status"],
            one["date"],
            one["due_date"],
            one["currency"],
            Decimal(one["sub_total"]),
            Decimal(one["total_tax"]),
            Decimal(one["total"]),
            Decimal(one["amount_due"] if one["type"] == "ACCREC" else one["remaining_credit"]),
            one["contact_id"],
            one["contact"],
        )
        for one in linked.books()["documents"]
        if one["type"] in SALES
    }


def ours(linked: Linked) -> dict[tuple[str, str], Row]:
    """Return the documents stored here, in the same shape."""
    return {
        (one.kind, str(one.xero_id)): (
            one.number,
            one.status,
            one.date.isoformat() if one.date else None,
            one.due_date.isoformat() if one.due_date else None,
            one.currency,
            one.sub_total,
            one.total_tax,
            one.total,
            one.amount_due,
            str(one.contact_xero_id),
            one.contact_name,
        )
        for one in Document.objects.filter(organisation=linked.organisation)
    }
