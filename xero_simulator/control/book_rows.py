"""The books as plain rows, for tests and benchmarks to compare with what a client has stored."""

from typing import Any

from xero_simulator.accounting_api import document_json
from xero_simulator.ledger import ledgers, records
from xero_simulator.ledger.records import Contact, Document

# What clients rarely write, and must not change by accident.
_KEPT_IN_XERO = (
    *("account_number", "company_number", "tax_number", "bank_account"),
    *("website", "default_currency"),
)


def document_row(books: ledgers.Books, document: Document) -> dict[str, Any]:
    """Return a document; amounts as text with two decimals, days and instants in ISO form.

    `amount_due` is an invoice's and `remaining_credit` a credit's, "0.00" on the other. On a credit
    `amount_paid` is what was refunded and `amount_credited` what was applied to invoices.
    """
    outstanding = records.from_cents(document.outstanding)
    is_invoice = document.kind == records.INVOICES
    return {
        "kind": document.kind,
        "xero_id": document.id,
        "type": document.type,
        "number": document.number,
        "reference": document.reference,
        "status": document.status,
        "date": document.date.isoformat(),
        "due_date": document.due_date.isoformat() if document.due_date else None,
        "currency": document.currency,
        "currency_rate": document.currency_rate,
        "sub_total": records.from_cents(document.sub_total),
        "total_tax": records.from_cents(document.total_tax),
        "total": records.from_cents(document.total),
        "amount_due": outstanding if is_invoice else "0.00",
        "amount_paid": records.from_cents(document.amount_paid),
        "amount_credited": records.from_cents(document.amount_allocated),
        "remaining_credit": "0.00" if is_invoice else outstanding,
        "contact_id": document.contact_id,
        "contact": books.contact(document.contact_id).name,
        "updated_utc": _instant(document.updated_ms),
        "line_items": len(document.lines),
        "line_total": records.from_cents(sum(line.line_amount for line in document.lines)),
        "fully_paid_on": document.fully_paid_on.isoformat() if document.fully_paid_on else None,
        "lines": [
            _line_row(document_json.line_id(document, at), line)
            for at, line in enumerate(document.lines, start=1)
        ],
        "payments": {
            each.payment_id: {
                "date": each.paid_on.isoformat(),
                "amount": records.from_cents(each.amount),
                "reference": each.reference,
            }
            for each in document.payments
        },
        "allocations": {
            each.allocation_id: {
                "invoice_id": each.invoice_id,
                "invoice_number": each.invoice_number,
                "date": each.allocated_on.isoformat(),
                "amount": records.from_cents(each.amount),
            }
            for each in document.allocations
        },
    }


def _line_row(line_item_id: str, line: records.Line) -> dict[str, str]:
    """Return a line; quantity and unit amount with four decimals."""
    return {
        "line_item_id": line_item_id,
        "description": line.description,
        "quantity": document_json.ten_thousandths(line.quantity),
        "unit_amount": document_json.ten_thousandths(line.unit_amount),
        "tax_amount": records.from_cents(line.tax_amount),
        "line_amount": records.from_cents(line.line_amount),
        "account_code": line.account_code,
        "tax_type": line.tax_type,
    }


def contact_row(contact: Contact) -> dict[str, Any]:
    """Return a contact; phone and address are the first that are not empty."""
    phone = next((phone for phone in contact.phones if phone.number), records.Phone())
    address = next((each for each in contact.addresses if each.line1), records.Address())
    parts = (phone.country, phone.area, phone.number)
    return {
        "contact_id": contact.id,
        "name": contact.name,
        "number": contact.number,
        "email": contact.email,
        "status": contact.status,
        "merged_to": contact.merged_to or None,
        "updated_utc": _instant(contact.updated_ms),
        "given_name": contact.first_name,
        "family_name": contact.last_name,
        "phone": " ".join(part for part in parts if part),
        "phones": [each._asdict() for each in contact.phones if each.number],
        "address": address._asdict(),
        "is_customer": contact.is_customer,
        "is_supplier": contact.is_supplier,
        "addresses": [each._asdict() for each in contact.addresses],
        "persons": [each._asdict() for each in contact.persons],
        "payment_terms": [each._asdict() for each in contact.payment_terms],
        "batch_payments": contact.batch_payments and contact.batch_payments._asdict(),
        **{name: getattr(contact, name) for name in _KEPT_IN_XERO},
    }


def all_rows(books: ledgers.Books) -> dict[str, list[dict[str, Any]]]:
    """Return all documents, supplier ones too, and all contacts, archived ones too."""
    return {
        "documents": [document_row(books, document) for document in books.documents()],
        "contacts": [contact_row(contact) for contact in books.contacts.ordered],
    }


def _instant(milliseconds: int) -> str:
    return ledgers.from_ms(milliseconds).isoformat(timespec="milliseconds")
