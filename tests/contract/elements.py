"""Parts of made-up elements, in the shapes that Xero's have: what most of a list shares."""

import datetime
from typing import Any

Element = dict[str, Any]


def id_of(number: int) -> str:
    return f"5eed0000-0000-4000-8000-{number:012}"


def _milliseconds(day: str) -> str:
    since = datetime.date.fromisoformat(day) - datetime.date(1970, 1, 1)
    return f"/Date({since.days * 86_400_000}+0000)/"


def dates(day: str, due: str = "") -> Element:
    dates = {"DateString": f"{day}T00:00:00", "Date": _milliseconds(day)}
    if due:
        dates |= {"DueDateString": f"{due}T00:00:00", "DueDate": _milliseconds(due)}
    return dates


def amounts(
    sub_total: float, tax: float, total: float, *, updated: str, **further: float
) -> Element:
    names = {"due": "AmountDue", "paid": "AmountPaid"}
    return {
        "SubTotal": sub_total,
        "TotalTax": tax,
        "Total": total,
        "UpdatedDateUTC": updated,
        "CurrencyCode": "AUD",
        **{names[name]: value for name, value in further.items()},
    }


def contact_stub(number: int, name: str) -> Element:
    """Return a contact as it stands on a document."""
    empty: dict[str, list[Element]] = {
        key: [] for key in ("Addresses", "Phones", "ContactGroups", "ContactPersons")
    }
    return {"ContactID": id_of(number), "Name": name, **empty, "HasValidationErrors": False}


def invoice(number: int, status: str, invoice_number: str, contact: Element) -> Element:
    return {
        "Type": "ACCREC",
        "InvoiceID": id_of(number),
        "InvoiceNumber": invoice_number,
        "Payments": [],
        "CreditNotes": [],
        "Prepayments": [],
        "Overpayments": [],
        "AmountDue": 0.0,
        "AmountPaid": 0.0,
        "AmountCredited": 0.0,
        "CurrencyRate": 1.0,
        "HasErrors": False,
        "IsDiscounted": False,
        "HasAttachments": False,
        "Contact": contact,
        "Status": status,
        "LineAmountTypes": "Exclusive",
        "LineItems": [],
    }


def credit(kind: str, number: int, type_: str, contact: Element) -> Element:
    return {
        f"{kind}ID": id_of(number),
        "ID": id_of(number),
        "Type": type_,
        "Payments": [],
        "Allocations": [],
        "HasAttachments": False,
        "Contact": contact,
        "LineAmountTypes": "Exclusive",
        "LineItems": [],
    }


def line(
    number: int, description: str, quantity: float, unit_amount: float, amount: float
) -> Element:
    return {
        "LineItemID": id_of(800 + number),
        "Description": description,
        "Quantity": quantity,
        "UnitAmount": unit_amount,
        "TaxType": "OUTPUT",
        "TaxAmount": 0.0,
        "LineAmount": amount,
        "AccountCode": "200",
        "Tracking": [],
    }


def payment(number: int, on: str, amount: float) -> Element:
    return {
        "PaymentID": id_of(600 + number),
        "Date": on,
        "Amount": amount,
        "CurrencyRate": 1.0,
        "HasAccount": False,
        "HasValidationErrors": False,
    }


def allocation(number: int, invoice: int, invoice_number: str, amount: float) -> Element:
    return {
        "AllocationID": id_of(700 + number),
        "Amount": amount,
        "Date": "/Date(1773187200000+0000)/",
        "Invoice": {"InvoiceID": id_of(invoice), "InvoiceNumber": invoice_number},
        "IsDeleted": False,
    }
