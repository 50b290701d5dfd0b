"""From Xero's JSON to the values of our columns: pure functions, no database.

A document that cannot be mapped raises `field_parsers.Unmappable` with a reason a person can read;
the caller sets it aside and goes on with the others.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from invoices.models import Kind
from xero_sync import resources
from xero_sync.resources import Resource
from xero_sync.store import field_parsers

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
        raise field_parsers.Unmappable("a list was expected where Xero sent something else")
    return value


def _object(value: Any) -> Element:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise field_parsers.Unmappable(
            "a nested object was expected where Xero sent something else"
        )
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
    raise field_parsers.Unmappable(f"{str(kind)[:40]!r} is not a document type known here")


def _updated_at(element: Element) -> datetime:
    updated_at = field_parsers.instant(element.get("UpdatedDateUTC")) or field_parsers.instant(
        element.get("UpdatedDateUTCString")
    )
    if updated_at is None:
        raise field_parsers.Unmappable("it has no UpdatedDateUTC")
    return updated_at


def _required_id(resource: Resource, element: Element) -> str:
    xero_id = field_parsers.identifier(
        element.get(resources.ID_FIELDS[resource]) or element.get("ID")
    )
    if xero_id is None:
        raise field_parsers.Unmappable(f"it has no {resources.ID_FIELDS[resource]}")
    return xero_id


def _lines(element: Element) -> list[tuple[Value, ...]]:
    return [
        (
            position,
            field_parsers.identifier(line.get("LineItemID")),
            field_parsers.text(line.get("Description")),
            field_parsers.amount(line.get("Quantity")),
            field_parsers.amount(line.get("UnitAmount")),
            field_parsers.amount(line.get("TaxAmount")),
            field_parsers.amount(line.get("LineAmount")),
            field_parsers.text(line.get("AccountCode"), 30),
            field_parsers.text(line.get("TaxType"), 60),
        )
        for position, line in enumerate(_list(element.get("LineItems")))
    ]


def _payments(element: Element) -> list[tuple[Value, ...]]:
    return [
        (
            field_parsers.identifier(payment.get("PaymentID")),
            field_parsers.calendar_date(payment.get("DateString"), payment.get("Date")),
            field_parsers.amount(payment.get("Amount")) or 0,
            field_parsers.text(payment.get("Reference"), 4000),
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
                field_parsers.identifier(allocation.get("AllocationID")),
                field_parsers.identifier(invoice.get("InvoiceID")),
                field_parsers.text(invoice.get("InvoiceNumber"), 255),
                field_parsers.calendar_date(allocation.get("DateString"), allocation.get("Date")),
                field_parsers.amount(allocation.get("Amount")) or 0,
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
    get, amount, text = element.get, field_parsers.amount, field_parsers.text
    kind, number_field, due_field, credited_field = _SHAPES[resource]
    xero_id = _required_id(resource, element)
    contact = _object(get("Contact"))
    updated_at = _updated_at(element)
    status = text(get("Status"), 30)
    if not status:
        raise field_parsers.Unmappable("it has no Status")
    row: tuple[Value, ...] = (
        kind,
        xero_id,
        text(get(number_field), 255),
        text(get("Reference"), 4000),
        status,
        field_parsers.identifier(contact.get("ContactID")),
        text(contact.get("Name"), 500),
        field_parsers.calendar_date(get("DateString"), get("Date")),
        field_parsers.calendar_date(get("DueDateString"), get("DueDate")),
        field_parsers.calendar_date(None, get("FullyPaidOnDate")),
        text(get("CurrencyCode"), 3),
        amount(get("CurrencyRate"), field_parsers.RATE_DIGITS),
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
            field_parsers.text(element.get("Name"), 500),
            field_parsers.text(element.get("ContactNumber"), 50),
            field_parsers.text(element.get("EmailAddress"), 255),
            field_parsers.text(element.get("ContactStatus"), 30) or "ACTIVE",
            field_parsers.identifier(element.get("MergedToContactID")),
            updated_at,
        ),
    )


def describe(resource: Resource, element: Any) -> tuple[str, str]:
    """Return (id, number) of an element as far as they can be read, for the set-aside list."""
    if not isinstance(element, dict):
        return "", ""
    number = element.get(_NUMBER_FIELDS.get(resource, "Name"))
    xero_id = element.get(resources.ID_FIELDS[resource]) or element.get("ID")
    return (
        xero_id if isinstance(xero_id, str) and len(xero_id) <= 64 else "",
        number[:255] if isinstance(number, str) else "",
    )
