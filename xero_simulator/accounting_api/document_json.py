"""Documents as Xero shows them.

Field names and their order follow the examples of Xero's OpenAPI specification. What is absent
there is absent here: Xero leaves empty fields out instead of writing null.
"""

import functools
from typing import Any

from xero_simulator.accounting_api import xero_json
from xero_simulator.ledger import ledgers, records

ID_FIELD = {
    records.INVOICES: "InvoiceID",
    records.CREDIT_NOTES: "CreditNoteID",
    records.OVERPAYMENTS: "OverpaymentID",
    records.PREPAYMENTS: "PrepaymentID",
}
# One empty list for all: a page of 1,000 documents has thousands, and none is ever added to.
_NONE: list[Any] = []
LIST, PAGE, SINGLE, SUMMARY = "list", "page", "single", "summary"


def write_document(
    books: ledgers.Books, document: records.Document, shape: str, *, four_decimals: bool = False
) -> bytes:
    """Write one document as an element; the shape of a page is kept with the record.

    :param shape: LIST (unpaged: no lines), PAGE, SINGLE (fuller contact) or SUMMARY.
    """
    contact = books.contact(document.contact_id)
    if shape != PAGE or four_decimals:
        return xero_json.element(
            show_document(document, contact, shape, four_decimals=four_decimals)
        )
    if document.rendered is None or document.rendered[0] is not contact:
        document.rendered = contact, xero_json.element(show_document(document, contact, PAGE))
    return document.rendered[1]


def show_document(
    document: records.Document,
    contact: records.Contact,
    shape: str,
    *,
    four_decimals: bool = False,
) -> dict[str, Any]:
    """Return a document's fields."""
    show = _show_invoice if document.kind == records.INVOICES else _show_credit
    shown = show(document)
    shown["Contact"] = (
        _full_contact(contact) if shape == SINGLE else _contact_stub(contact.id, contact.name)
    )
    shown |= _dates(document)
    shown["Status"] = document.status
    shown["LineAmountTypes"] = document.line_amount_types
    with_lines = shape in (PAGE, SINGLE)
    shown["LineItems"] = show_lines(document, four_decimals=four_decimals) if with_lines else []
    shown |= {
        "SubTotal": xero_json.money(document.sub_total),
        "TotalTax": xero_json.money(document.total_tax),
        "Total": xero_json.money(document.total),
        "UpdatedDateUTC": xero_json.instant_ms(document.updated_ms),
        "UpdatedDateUTCString": xero_json.instant_string(document.updated_ms),
        "CurrencyCode": document.currency,
    }
    # The specification gives the date to invoices and credit notes only.
    if document.fully_paid_on and document.kind in (records.INVOICES, records.CREDIT_NOTES):
        shown["FullyPaidOnDate"] = xero_json.date_ms(document.fully_paid_on)
    if shape == SUMMARY:
        for name in ("Payments", "HasAttachments"):
            shown.pop(name, None)
    return shown


def show_lines(document: records.Document, *, four_decimals: bool) -> list[dict[str, Any]]:
    """Return the lines."""
    return [
        {"LineItemID": line_id(document, at), **_show_line(line, four_decimals)}
        for at, line in enumerate(document.lines, start=1)
    ]


def line_id(document: records.Document, at: int) -> str:
    """Return the LineItemID of a line, counted from 1.

    It is the document's id counted on, so it needs no memory.
    """
    return f"{document.id[:24]}{(int(document.id[24:], 16) + at) % 2**48:012x}"


def payment_stub(payment: records.Payment, currency_rate: str) -> dict[str, Any]:
    """Return a payment as it hangs on a document."""
    return {
        "PaymentID": payment.payment_id,
        "Date": xero_json.date_ms(payment.paid_on),
        "Amount": xero_json.money(payment.amount),
        "Reference": payment.reference,
        "CurrencyRate": xero_json.number(currency_rate),
        "HasAccount": False,
        "HasValidationErrors": False,
    }


def show_allocation(allocation: records.Allocation) -> dict[str, Any]:
    """Return an allocation as it hangs on a credit."""
    return {
        "AllocationID": allocation.allocation_id,
        "Amount": xero_json.money(allocation.amount),
        "Date": xero_json.date_ms(allocation.allocated_on),
        "Invoice": {
            "InvoiceID": allocation.invoice_id,
            "InvoiceNumber": allocation.invoice_number,
        },
        "IsDeleted": False,
    }


def _show_invoice(document: records.Document) -> dict[str, Any]:
    paid, credited = document.amount_paid, document.amount_allocated
    shown: dict[str, Any] = {
        "Type": document.type,
        "InvoiceID": document.id,
        "InvoiceNumber": document.number,
    }
    if document.type == "ACCREC":
        shown["Reference"] = document.reference
    shown |= {
        "Payments": [payment_stub(each, document.currency_rate) for each in document.payments],
        "CreditNotes": _applied(document, records.CREDIT_NOTES),
        "Prepayments": _applied(document, records.PREPAYMENTS),
        "Overpayments": _applied(document, records.OVERPAYMENTS),
        "AmountDue": xero_json.money(document.outstanding),
        "AmountPaid": xero_json.money(paid),
        "AmountCredited": xero_json.money(credited),
        "SentToContact": document.sent,
        "CurrencyRate": xero_json.number(document.currency_rate),
        "HasErrors": False,
        "IsDiscounted": False,
        "HasAttachments": False,
    }
    return shown


def _show_credit(document: records.Document) -> dict[str, Any]:
    id_field = ID_FIELD[document.kind]
    shown: dict[str, Any] = {id_field: document.id, "ID": document.id}
    if document.kind == records.CREDIT_NOTES:
        shown["CreditNoteNumber"] = document.number
    elif document.type in records.PREPAYMENT_TYPES and document.type in records.SALES_TYPES:
        shown["InvoiceNumber"] = document.number
    shown |= {
        "Type": document.type,
        "Reference": document.reference,
        "RemainingCredit": xero_json.money(document.outstanding),
        "CurrencyRate": xero_json.number(document.currency_rate),
        "Payments": [payment_stub(each, document.currency_rate) for each in document.payments],
        "Allocations": [show_allocation(each) for each in document.allocations],
        "HasAttachments": False,
    }
    return shown


def _applied(document: records.Document, kind: str) -> list[dict[str, Any]]:
    """Return the credits of a kind that were applied to an invoice, as stubs."""
    if not document.allocations:
        return _NONE
    stubs = []
    for allocation in document.allocations:
        if allocation.credit_kind != kind:
            continue
        stub: dict[str, Any] = {
            ID_FIELD[kind]: allocation.credit_id,
            "ID": allocation.credit_id,
            "Date": xero_json.date_ms(allocation.allocated_on),
            "AppliedAmount": xero_json.money(allocation.amount),
            "Total": xero_json.money(allocation.amount),
        }
        if kind == records.CREDIT_NOTES:
            stub["CreditNoteNumber"] = allocation.credit_number
        stubs.append(stub)
    return stubs


def _dates(document: records.Document) -> dict[str, Any]:
    dates: dict[str, Any] = {
        "DateString": xero_json.date_string(document.date),
        "Date": xero_json.date_ms(document.date),
    }
    if document.due_date:
        dates["DueDateString"] = xero_json.date_string(document.due_date)
        dates["DueDate"] = xero_json.date_ms(document.due_date)
    return dates


def _full_contact(contact: records.Contact) -> dict[str, Any]:
    """Return the contact of a single document."""
    shown = {"ContactID": contact.id, "ContactStatus": contact.status}
    for name, value in (
        ("ContactNumber", contact.number),
        ("FirstName", contact.first_name),
        ("LastName", contact.last_name),
        ("EmailAddress", contact.email),
    ):
        if value:
            shown[name] = value
    return shown | _contact_stub(contact.id, contact.name)


@functools.lru_cache(maxsize=20_000)
def _contact_stub(contact_id: str, name: str) -> dict[str, Any]:
    """Return the contact of a document in a list, to be read only: many documents share it."""
    return {
        "ContactID": contact_id,
        "Name": name,
        "Addresses": _NONE,
        "Phones": _NONE,
        "ContactGroups": _NONE,
        "ContactPersons": _NONE,
        "HasValidationErrors": False,
    }


@functools.lru_cache(maxsize=10_000)
def _show_line(line: records.Line, four_decimals: bool) -> dict[str, Any]:
    """Return a line without its id; made-up documents share few lines, so they are kept."""
    shown: dict[str, Any] = {
        "Description": line.description,
        "Quantity": xero_json.number(ten_thousandths(line.quantity)),
        "UnitAmount": _unit_amount(line.unit_amount, four_decimals=four_decimals),
        "TaxType": line.tax_type,
        "TaxAmount": xero_json.money(line.tax_amount),
        "LineAmount": xero_json.money(line.line_amount),
        "AccountCode": line.account_code,
        "Tracking": [],
    }
    if line.item_code:
        shown["ItemCode"] = line.item_code
    return shown


def _unit_amount(value: int, *, four_decimals: bool) -> Any:
    if four_decimals:
        return xero_json.number(ten_thousandths(value))
    sign = -1 if value < 0 else 1
    return xero_json.money(sign * ((abs(value) + 50) // 100))


def ten_thousandths(value: int) -> str:
    """Write ten-thousandths as a number with four decimals."""
    sign = "-" if value < 0 else ""
    whole, part = divmod(abs(value), 10_000)
    return f"{sign}{whole}.{part:04d}"
