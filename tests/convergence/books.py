"""The simulator's books and ours in one shape, and what differs between them.

Every column that comes from Xero is in it: of documents, their lines, payments and allocations,
and of contacts.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any

from django.db.models import Model

from connected_apps.models import Organisation
from invoices.models import Allocation, Contact, Document, LineItem, Payment

KINDS = {
    "ACCREC": "INVOICE",
    "ACCRECCREDIT": "CREDIT_NOTE",
    "RECEIVE-OVERPAYMENT": "OVERPAYMENT",
    "RECEIVE-PREPAYMENT": "PREPAYMENT",
}
# The other spellings of Xero's specification, for the same documents.
TYPES = KINDS | {"AROVERPAYMENT": "OVERPAYMENT", "ARPREPAYMENT": "PREPAYMENT"}
Row = dict[str, Any]
Line = tuple[Any, ...]
Rows = dict[tuple[str, str], Row]
_MONEY = ("sub_total", "total_tax", "total")
# A credit's element names neither: what was refunded and applied stands in its own lists.
_MONEY_OF_INVOICES = ("amount_paid", "amount_credited")
_WORDS = ("number", "reference", "status", "date", "currency", "contact_id", "contact")


def theirs(books: Mapping[str, Any]) -> Rows:
    """Return the sales documents and contacts that the simulator holds."""
    documents = [one for one in books["documents"] if one["type"] in TYPES]
    rows = {(TYPES[one["type"]], one["xero_id"]): _their_document(one) for one in documents}
    return rows | {("CONTACT", one["contact_id"]): _their_contact(one) for one in books["contacts"]}


def ours(organisation: Organisation) -> Rows:
    """Return what is stored here, read in five queries."""
    children = {
        "lines": _children(LineItem, organisation, _our_line, order="position"),
        "payments": _children(Payment, organisation, _our_payment),
        "allocations": _children(Allocation, organisation, _our_allocation),
    }
    documents = Document.objects.filter(organisation=organisation)
    rows = {
        (one.kind, str(one.xero_id)): {
            **_our_document(one),
            **{name: found[one.pk] for name, found in children.items()},
        }
        for one in documents.defer("raw")
    }
    contacts = Contact.objects.filter(organisation=organisation).defer("raw")
    return rows | {("CONTACT", str(one.xero_id)): _our_contact(one) for one in contacts}


def _children(
    model: type[Model], organisation: Organisation, read: Callable[[Any], Line], order: str = ""
) -> dict[int, list[Line]]:
    """Return what hangs on documents, by document; in Xero's order or in that of its ids."""
    found: dict[int, list[Line]] = defaultdict(list)
    mine: Any = model._default_manager.filter(document__organisation=organisation)
    for one in mine.order_by(order or "xero_id"):
        found[one.document_id].append(read(one))
    return found


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
        # Xero's specification gives it to these two only.
        "fully_paid_on": one["fully_paid_on"]
        if one["kind"] in ("Invoices", "CreditNotes")
        else None,
        "currency_rate": Decimal(one["currency_rate"]),
        "amount_due": Decimal(one["amount_due" if is_invoice else "remaining_credit"]),
        "updated_at": one["updated_utc"],
        "lines": [_their_line(line) for line in one["lines"]],
        "payments": [
            (key, each["date"], Decimal(each["amount"]), each["reference"])
            for key, each in sorted(one["payments"].items())
        ],
        "allocations": [
            (
                key,
                each["invoice_id"],
                each["invoice_number"],
                each["date"],
                Decimal(each["amount"]),
            )
            for key, each in sorted(allocations.items())
        ],
    }


def _their_line(line: Row) -> Line:
    return (
        line["line_item_id"],
        line["description"],
        Decimal(line["quantity"]),
        Decimal(line["unit_amount"]),
        Decimal(line["tax_amount"]),
        Decimal(line["line_amount"]),
        line["account_code"],
        line["tax_type"],
    )


def _our_line(line: LineItem) -> Line:
    return (
        str(line.xero_id),
        line.description,
        line.quantity,
        line.unit_amount,
        line.tax_amount,
        line.line_amount,
        line.account_code,
        line.tax_type,
    )


def _our_payment(one: Payment) -> Line:
    return (str(one.xero_id), str(one.date), one.amount, one.reference)


def _our_allocation(one: Allocation) -> Line:
    invoice = str(one.invoice_xero_id)
    return (str(one.xero_id), invoice, one.invoice_number, str(one.date), one.amount)


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
        "fully_paid_on": one.fully_paid_on.isoformat() if one.fully_paid_on else None,
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
