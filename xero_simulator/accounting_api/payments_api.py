"""Payments, read off the documents that carry them.

A refund of an overpayment shows an `Invoice` stub whose InvoiceID is really the overpayment's:
that is how Xero has long answered, and clients must not look it up among the invoices.
"""

import uuid
from typing import Any, NamedTuple

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.accounting_api import (
    access,
    accounting_errors,
    fields,
    plain_forms,
    query,
    xero_json,
)
from xero_simulator.gateway import gateway_errors
from xero_simulator.ledger import ledgers, records

_STUB_TYPE = {
    "ACCREC": ("ACCREC", "ACCRECPAYMENT"),
    "ACCPAY": ("ACCPAY", "ACCPAYPAYMENT"),
    "ACCRECCREDIT": ("ACCRECCREDIT", "ARCREDITPAYMENT"),
    "ACCPAYCREDIT": ("ACCPAYCREDIT", "APCREDITPAYMENT"),
    "RECEIVE-OVERPAYMENT": ("AROVERPAYMENT", "AROVERPAYMENTPAYMENT"),
    "SPEND-OVERPAYMENT": ("APOVERPAYMENT", "APOVERPAYMENTPAYMENT"),
    "RECEIVE-PREPAYMENT": ("ARPREPAYMENT", "ARPREPAYMENTPAYMENT"),
    "SPEND-PREPAYMENT": ("APPREPAYMENT", "APPREPAYMENTPAYMENT"),
}
_STUB_TYPE |= {stub: (stub, payment) for stub, payment in _STUB_TYPE.values()}
_CACHE = query.AnswerCache()


class Row(NamedTuple):
    """A payment with its document."""

    id: str
    updated_ms: int
    payment: records.Payment
    document: records.Document


_FIELDS = {
    "paymentid": fields.Field(fields.GUID, lambda row: row.id),
    "date": fields.Field(fields.DATE, lambda row: row.payment.paid_on),
    "amount": fields.Field(fields.NUMBER, lambda row: row.payment.amount / 100),
    "reference": fields.Field(fields.TEXT, lambda row: row.payment.reference),
    "status": fields.Field(fields.TEXT, lambda row: "AUTHORISED"),
    "paymenttype": fields.Field(fields.TEXT, lambda row: _STUB_TYPE[row.document.type][1]),
    "updateddateutc": fields.Field(fields.INSTANT, lambda row: row.updated_ms),
    "invoice.invoiceid": fields.Field(fields.GUID, lambda row: row.document.id),
    "invoice.invoicenumber": fields.Field(fields.TEXT, lambda row: row.document.number),
}


async def list_payments(request: web.Request) -> web.Response:
    """Answer a list of payments."""
    asked = query.read(request)
    books = access.organisation_of(request).books
    since = request.headers.get("If-Modified-Since", "")
    key = (id(books), books.version, since, query.key_of(request))
    try:
        rows = _CACHE.rows(
            key,
            lambda: query.filter_and_sort(
                query.modified_since(_all_rows(books), asked), asked, _find_field
            ),
        )
        page, paging = query.cut(rows, asked)
    except query.Refused as refusal:
        return accounting_errors.query_parse(*refusal.as_answer)
    return _answer(request, page, books, paging)


async def show_payment(request: web.Request) -> web.Response:
    """Answer one payment."""
    books = access.organisation_of(request).books
    wanted = plain_forms.plain_id(request.match_info["id"])
    rows = [row for row in _all_rows(books) if row.id == wanted]
    return _answer(request, rows, books, None) if rows else gateway_errors.not_found()


def _find_field(name: str) -> fields.Field:
    try:
        return _FIELDS[name.lower()]
    except KeyError:
        raise fields.UnknownField(name) from None


def _all_rows(books: ledgers.Books) -> list[Row]:
    if books.replayed is not None:
        return []
    rows = [
        Row(payment.payment_id, payment.updated_ms, payment, document)
        for document in books.documents()
        for payment in document.payments
    ]
    return sorted(rows, key=lambda row: (row.updated_ms, row.id))


def _answer(
    request: web.Request, rows: list[Row], books: ledgers.Books, paging: xero_json.Paging | None
) -> web.Response:
    elements = [xero_json.element(_show(row, books)) for row in rows]
    body = xero_json.envelope(
        simulations.of(request), str(uuid.uuid4()), "Payments", elements, paging
    )
    return xero_json.answer(request, body)


def _show(row: Row, books: ledgers.Books) -> dict[str, Any]:
    payment, document = row.payment, row.document
    contact = books.contact(document.contact_id)
    stub_type, payment_type = _STUB_TYPE[document.type]
    return {
        "PaymentID": payment.payment_id,
        "Date": xero_json.date_ms(payment.paid_on),
        "BankAmount": xero_json.money(payment.amount),
        "Amount": xero_json.money(payment.amount),
        "Reference": payment.reference,
        "CurrencyRate": xero_json.number(document.currency_rate),
        "PaymentType": payment_type,
        "Status": "AUTHORISED",
        "UpdatedDateUTC": xero_json.instant_ms(payment.updated_ms),
        "UpdatedDateUTCString": xero_json.instant_string(payment.updated_ms),
        "HasAccount": True,
        "IsReconciled": False,
        "Account": {"AccountID": payment.account_id, "Code": "090"},
        "Invoice": {
            "Type": stub_type,
            "InvoiceID": document.id,
            "InvoiceNumber": document.number,
            "Payments": [],
            "CreditNotes": [],
            "Prepayments": [],
            "Overpayments": [],
            "IsDiscounted": False,
            "HasErrors": False,
            "Contact": {"ContactID": contact.id, "Name": contact.name},
            "LineItems": [],
            "CurrencyCode": document.currency,
        },
        "HasValidationErrors": False,
    }
