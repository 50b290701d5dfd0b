"""The simulator's books and ours in one shape, and what differs between them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any

from connected_apps.models import Organisation
from invoices.models import Allocation, Contact, Document, LineItem, Payment

KINDS = {
    "ACCREC": "INVOICE",
    "ACCRECCREDIT": "CREDIT_NOTE",
    "RECEIVE-OVERPAYMENT": "OVERPAYMENT",
    "RECEIVE-PREPAYMENT": "PREPAYMENT",
}
Row = dict[str, Any]
Rows = dict[tuple[str, str], Row]
_MONEY = ("sub_total", "total_tax", "total")
# A credit's element names neither: what was refunded and applied stands in its own lists.
_MONEY_OF_INVOICES = ("amount_paid", "amount_credited")
_WORDS = ("number", "reference", "status", "date", "currency", "contact_id", "contact")


def theirs(books: Mapping[str, Any]) -> Rows:
    """Return the sales documents and contacts that the simulator holds."""
    documents = [one for one in books["documents"] if one["type"] in KINDS]
    rows = {(KINDS[one["type"]], one["xero_id"]): _their_document(one) for one in documents}
    return rows | {("CONTACT", one["contact_id"]): _their_contact(one) for one in books["contacts"]}


def ours(organisation: Organisation) -> Rows:
    """Return what is stored here, read in five queries."""
    documents = Document.objects.filter(organisation=organisation)
    lines: dict[int, list[Any]] = defaultdict(list)
    for line in LineItem.objects.filter(document__organisation=organisation):
        lines[line.document_id].append(line.line_amount)
    payments: dict[int, Row] = defaultdict(dict)
    for payment in Payment.objects.filter(document__organisation=organisation):
        known = payments[payment.document_id]
        assert str(payment.xero_id) not in known, "a payment is stored twice"
        known[str(payment.xero_id)] = (str(payment.date), payment.amount)
    allocations: dict[int, Row] = defaultdict(dict)
    for one in Allocation.objects.filter(document__organisation=organisation):
        known = allocations[one.document_id]
        assert str(one.xero_id) not in known, "an allocation is stored twice"
        known[str(one.xero_id)] = (str(one.invoice_xero_id), one.amount)
    rows = {
        (one.kind, str(one.xero_id)): {
            **_our_document(one),
            "line_items": len(lines[one.pk]),
            "line_total": sum(lines[one.pk], Decimal(0)),
            "payments": dict(payments[one.pk]),
            "allocations": dict(allocations[one.pk]),
        }
        for one in documents.defer("raw")
    }
    contacts = Contact.objects.filter(organisation=organisation).defer("raw")
    return rows | {("CONTACT", str(one.xero_id)): _our_contact(one) for one in contacts}


def differences(their_rows: Rows, our_rows: Rows) -> dict[tuple[str, str], str]:
    """Return what differs, in words with both versions; empty where the books agree."""
    found: dict[tuple[str, str], str] = {}
    for key in sorted(their_rows.keys() | our_rows.keys()):
        their, our = their_rows.get(key), our_rows.get(key)
        if their == our:
            continue
        if their is None or our is None:
            found[key] = f"Xero has {their}\n    here is {our}"
            continue
        fields = [name for name in their if their[name] != our[name]]
        found[key] = f"{fields} differ:\n    Xero has {their}\n    here is  {our}"
    return found


def _their_document(one: Row) -> Row:
    is_invoice = one["kind"] == "Invoices"
    amounts = _MONEY + _MONEY_OF_INVOICES * is_invoice
    row = {name: one[name] for name in _WORDS} | {name: Decimal(one[name]) for name in amounts}
    # On an invoice the same allocations hang as stubs; they are the credit's to tell.
    allocations = {} if is_invoice else one["allocations"]
    return row | {
        "due_date": one["due_date"],
        "currency_rate": Decimal(one["currency_rate"]),
        "amount_due": Decimal(one["amount_due" if is_invoice else "remaining_credit"]),
        "updated_at": one["updated_utc"],
        "line_items": one["line_items"],
        "line_total": Decimal(one["line_total"]),
        "payments": _pairs(one["payments"]),
        "allocations": _pairs(allocations),
    }


def _pairs(found: Mapping[str, list[str]]) -> Row:
    return {key: (first, Decimal(amount)) for key, (first, amount) in found.items()}


def _our_document(one: Document) -> Row:
    amounts = _MONEY + _MONEY_OF_INVOICES * (one.kind == "INVOICE")
    return {
        "number": one.number,
        "reference": one.reference,
        "status": one.status,
        "date": one.date.isoformat() if one.date else None,
        "currency": one.currency,
        "contact_id": str(one.contact_xero_id),
        "contact": one.contact_name,
        **{name: getattr(one, name) for name in amounts},
        "due_date": one.due_date.isoformat() if one.due_date else None,
        "currency_rate": one.currency_rate,
        "amount_due": one.amount_due,
        "updated_at": one.updated_at.astimezone(UTC).isoformat(timespec="milliseconds"),
    }


def _their_contact(one: Row) -> Row:
    names = ("name", "number", "email", "status", "merged_to")
    return {name: one[name] for name in names} | {"updated_at": one["updated_utc"]}


def _our_contact(one: Contact) -> Row:
    return {
        "name": one.name,
        "number": one.contact_number,
        "email": one.email,
        "status": one.status,
        "merged_to": str(one.merged_to_xero_id) if one.merged_to_xero_id else None,
        "updated_at": one.updated_at.astimezone(UTC).isoformat(timespec="milliseconds"),
    }
