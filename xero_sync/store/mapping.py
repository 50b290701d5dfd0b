"""From Xero's JSON to the values of our columns: pure functions, no database.

What Xero calls the members stands in `resources`. A document that cannot be mapped raises
`field_parsers.Unmappable` with a reason for a person. The caller quarantines it and goes on.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from xero_sync import resources
from xero_sync.resources import Resource
from xero_sync.store import field_parsers

Element = dict[str, Any]
Value = str | int | Decimal | date | datetime | None


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


def _is_sales(row: resources.Row, element: Element) -> bool:
    """Return whether this is a sales document of its list; purchases never enter the database.

    :raises Unmappable: the type is neither a known sale nor a known purchase.
    """
    named = field_parsers.text(element.get("Type"))
    if named in row.sales:
        return True
    if named in resources.EVERY_TYPE:
        return False
    raise field_parsers.Unmappable(f"{named[:40]!r} is not a document type known here")


def _updated_at(element: Element) -> datetime:
    updated_at = field_parsers.instant(element.get("UpdatedDateUTC")) or field_parsers.instant(
        element.get("UpdatedDateUTCString")
    )
    if updated_at is None:
        raise field_parsers.Unmappable("it has no UpdatedDateUTC")
    return updated_at


def _required_id(row: resources.Row, element: Element) -> str:
    xero_id = field_parsers.identifier(element.get(row.id_member) or element.get("ID"))
    if xero_id is None:
        raise field_parsers.Unmappable(f"it has no {row.id_member}")
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

    :raises Unmappable: it cannot be stored; the reason is for a person.
    """
    row = resources.of(resource)
    if row.kind is None or not _is_sales(row, element):
        return None
    # This runs for every document there is; local names are found sooner.
    get, amount, text = element.get, field_parsers.amount, field_parsers.text
    kind = row.kind.value
    xero_id = _required_id(row, element)
    contact = _object(get("Contact"))
    updated_at = _updated_at(element)
    status = text(get("Status"), 30)
    if not status:
        raise field_parsers.Unmappable("it has no Status")
    values: tuple[Value, ...] = (
        kind,
        xero_id,
        text(get(row.number_member), 255),
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
        amount(get(row.left_member)) or 0,
        amount(get("AmountPaid")) or 0,
        amount(get(row.credited_member)) or 0,
        updated_at,
    )
    allocations = _allocations(element) if row.is_credit else []
    return MappedDocument(
        kind=kind,
        xero_id=xero_id,
        updated_at=updated_at,
        values=values,
        lines=_lines(element),
        payments=_payments(element),
        allocations=allocations,
        allocated_invoice_ids=tuple(str(one[1]) for one in allocations if one[1]),
    )


def map_contact(element: Element) -> MappedContact:
    """Return the values of a contact.

    :raises Unmappable: it cannot be stored; the reason is for a person.
    """
    xero_id = _required_id(resources.of(Resource.CONTACT), element)
    updated_at = _updated_at(element)
    return MappedContact(
        xero_id=xero_id,
        updated_at=updated_at,
        values=(
            xero_id,
            field_parsers.text(element.get("Name"), 500),
            field_parsers.text(element.get("ContactNumber"), 50).strip(),
            field_parsers.text(element.get("EmailAddress"), 255),
            field_parsers.text(element.get("ContactStatus"), 30) or "ACTIVE",
            field_parsers.identifier(element.get("MergedToContactID")),
            updated_at,
        ),
    )


def describe(resource: Resource, element: Any) -> tuple[str, str]:
    """Return (id, number) of an element as far as they can be read, for the quarantine."""
    if not isinstance(element, dict):
        return "", ""
    row = resources.of(resource)
    number = element.get(row.number_member)
    xero_id = element.get(row.id_member) or element.get("ID")
    return (
        xero_id if isinstance(xero_id, str) and len(xero_id) <= 64 else "",
        number[:255] if isinstance(number, str) else "",
    )
