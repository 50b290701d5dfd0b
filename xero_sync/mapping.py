"""From Xero's JSON to the values of our columns: pure functions, no database.

A document that cannot be mapped raises `values.Unmappable` with a reason a person can read; the
caller sets it aside and goes on with the others.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from invoices.models import Kind
from xero_sync import values
from xero_sync.models import Resource

Element = dict[str, Any]
Value = str | int | Decimal | date | datetime | None

# Which of Xero's types are sales documents, and which are known to be none. The AR* spellings
# stand in the specification's enumerations for the same sales documents.
SALES_TYPES: dict[Resource, frozenset[str]] = {
    Resource.INVOICE: frozenset({"ACCREC"}),
    Resource.CREDIT_NOTE: frozenset({"ACCRECCREDIT"}),
    Resource.OVERPAYMENT: frozenset({"RECEIVE-OVERPAYMENT", "AROVERPAYMENT"}),
    Resource.PREPAYMENT: frozenset({"RECEIVE-PREPAYMENT", "ARPREPAYMENT"}),
}
PURCHASE_TYPES = frozenset(
    {
        "ACCPAY",
        "ACCPAYCREDIT",
        "SPEND-OVERPAYMENT",
        "SPEND-PREPAYMENT",
        "APOVERPAYMENT",
        "APPREPAYMENT",
    }
)
KINDS: dict[Resource, Kind] = {
    Resource.INVOICE: Kind.INVOICE,
    Resource.CREDIT_NOTE: Kind.CREDIT_NOTE,
    Resource.OVERPAYMENT: Kind.OVERPAYMENT,
    Resource.PREPAYMENT: Kind.PREPAYMENT,
}
ID_FIELDS: dict[Resource, str] = {
    Resource.CONTACT: "ContactID",
    Resource.INVOICE: "InvoiceID",
    Resource.CREDIT_NOTE: "CreditNoteID",
    Resource.OVERPAYMENT: "OverpaymentID",
    Resource.PREPAYMENT: "PrepaymentID",
}
# Overpayments have no number; a prepayment's is the invoice number it was entered with.
_NUMBER_FIELDS: dict[Resource, str] = {
    Resource.INVOICE: "InvoiceNumber",
    Resource.CREDIT_NOTE: "CreditNoteNumber",
    Resource.OVERPAYMENT: "OverpaymentNumber",
    Resource.PREPAYMENT: "InvoiceNumber",
}
# Of each resource: our kind, and how Xero calls its number, what is left of it, what was credited.
_SHAPES: dict[Resource, tuple[str, str, str, str]] = {
    resource: (
        kind.value,
        _NUMBER_FIELDS[resource],
        *(
            ("AmountDue", "AmountCredited")
            if resource is Resource.INVOICE
            else ("RemainingCredit", "AppliedAmount")
        ),
    )
    for resource, kind in KINDS.items()
}


class MappedDocument(NamedTuple):
    """The values of one document and its children, in the writer's column order."""

    kind: str
    xero_id: str
    updated_at: datetime
    values: tuple[Value, ...]
    lines: list[tuple[Value, ...]]
    payments: list[tuple[Value, ...]]
    allocations: list[tuple[Value, ...]]
    allocated_invoice_ids: tuple[str, ...]


class MappedContact(NamedTuple):
    """The values of one contact, in the writer's column order."""

    xero_id: str
    updated_at: datetime
    values: tuple[Value, ...]


def _list(value: Any) -> list[Any]:
    if not value and (value is None or type(value) is list):
        return []
    if not isinstance(value, list) or not set(map(type, value)) <= {dict}:
        raise values.Unmappable("a list was expected where Xero sent something else")
    return value


def _object(value: Any) -> Element:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise values.Unmappable("a nested object was expected where Xero sent something else")
    return value


def is_sales(resource: Resource, element: Element) -> bool:
    """Return whether this is a sales document; purchases never enter the database.

    :raises values.Unmappable: when the type is neither a known sale nor a known purchase.
    """
    kind = element.get("Type")
    if kind in SALES_TYPES[resource]:
        return True
    if kind in PURCHASE_TYPES:
        return False
    raise values.Unmappable(f"{str(kind)[:40]!r} is not a document type known here")


def _updated_at(element: Element) -> datetime:
    updated_at = values.instant(element.get("UpdatedDateUTC")) or values.instant(
        element.get("UpdatedDateUTCString")
    )
    if updated_at is None:
        raise values.Unmappable("it has no UpdatedDateUTC")
    return updated_at


def _required_id(resource: Resource, element: Element) -> str:
    xero_id = values.identifier(element.get(ID_FIELDS[resource]) or element.get("ID"))
    if xero_id is None:
        raise values.Unmappable(f"it has no {ID_FIELDS[resource]}")
    return xero_id


def _lines(element: Element) -> list[tuple[Value, ...]]:
    return [
        (
            position,
            values.identifier(line.get("LineItemID")),
            values.text(line.get("Description")),
            values.amount(line.get("Quantity")),
            values.amount(line.get("UnitAmount")),
            values.amount(line.get("TaxAmount")),
            values.amount(line.get("LineAmount")),
            values.text(line.get("AccountCode"), 30),
            values.text(line.get("TaxType"), 60),
        )
        for position, line in enumerate(_list(element.get("LineItems")))
    ]


def _payments(element: Element) -> list[tuple[Value, ...]]:
    return [
        (
            values.identifier(payment.get("PaymentID")),
            values.calendar_date(payment.get("DateString"), payment.get("Date")),
            values.amount(payment.get("Amount")) or 0,
            values.text(payment.get("Reference"), 4000),
        )
        for payment in _list(element.get("Payments"))
    ]


def _allocations(element: Element) -> list[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = []
    for allocation in _list(element.get("Allocations")):
        if allocation.get("IsDeleted") is True:
            continue
        invoice = _object(allocation.get("Invoice"))
        rows.append(
            (
                values.identifier(allocation.get("AllocationID")),
                values.identifier(invoice.get("InvoiceID")),
                values.text(invoice.get("InvoiceNumber"), 255),
                values.calendar_date(allocation.get("DateString"), allocation.get("Date")),
                values.amount(allocation.get("Amount")) or 0,
            )
        )
    return rows


def map_document(resource: Resource, element: Element) -> MappedDocument | None:
    """Return the values of a sales document, or None for a purchase.

    :raises values.Unmappable: with the reason, when it cannot be stored.
    """
    if not is_sales(resource, element):
        return None
    # This runs for every document there is; local names are found sooner.
    get, amount, text = element.get, values.amount, values.text
    kind, number_field, due_field, credited_field = _SHAPES[resource]
    xero_id = _required_id(resource, element)
    contact = _object(get("Contact"))
    updated_at = _updated_at(element)
    status = text(get("Status"), 30)
    if not status:
        raise values.Unmappable("it has no Status")
    row: tuple[Value, ...] = (
        kind,
        xero_id,
        text(get(number_field), 255),
        text(get("Reference"), 4000),
        status,
        values.identifier(contact.get("ContactID")),
        text(contact.get("Name"), 500),
        values.calendar_date(get("DateString"), get("Date")),
        values.calendar_date(get("DueDateString"), get("DueDate")),
        values.calendar_date(None, get("FullyPaidOnDate")),
        text(get("CurrencyCode"), 3),
        amount(get("CurrencyRate"), values.RATE_DIGITS),
        amount(get("SubTotal")) or 0,
        amount(get("TotalTax")) or 0,
        amount(get("Total")) or 0,
        amount(get(due_field)) or 0,
        amount(get("AmountPaid")) or 0,
        amount(get(credited_field)) or 0,
        updated_at,
    )
    allocations = [] if resource is Resource.INVOICE else _allocations(element)
    return MappedDocument(
        kind=kind,
        xero_id=xero_id,
        updated_at=updated_at,
        values=row,
        lines=_lines(element),
        payments=_payments(element),
        allocations=allocations,
        allocated_invoice_ids=tuple(str(row[1]) for row in allocations if row[1]),
    )


def map_contact(element: Element) -> MappedContact:
    """Return the values of a contact.

    :raises values.Unmappable: with the reason, when it cannot be stored.
    """
    xero_id = _required_id(Resource.CONTACT, element)
    updated_at = _updated_at(element)
    return MappedContact(
        xero_id=xero_id,
        updated_at=updated_at,
        values=(
            xero_id,
            values.text(element.get("Name"), 500),
            values.text(element.get("ContactNumber"), 50),
            values.text(element.get("EmailAddress"), 255),
            values.text(element.get("ContactStatus"), 30) or "ACTIVE",
            values.identifier(element.get("MergedToContactID")),
            updated_at,
        ),
    )


def describe(resource: Resource, element: Any) -> tuple[str, str]:
    """Return (id, number) of an element as far as they can be read, for the set-aside list."""
    if not isinstance(element, dict):
        return "", ""
    number = element.get(_NUMBER_FIELDS.get(resource, "Name"))
    xero_id = element.get(ID_FIELDS[resource]) or element.get("ID")
    return (
        xero_id if isinstance(xero_id, str) and len(xero_id) <= 64 else "",
        number[:255] if isinstance(number, str) else "",
    )
