"""What a bookkeeper can do to documents, with Xero's own refusals.

Each operation takes the books, changes one document in them, and raises `records.NotAllowed` where
Xero would refuse it.
"""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from xero_simulator.ledger import document_changes, ledgers, records


def raise_invoice(
    books: ledgers.Books,
    contact_id: str,
    lines: Sequence[records.LineDraft],
    date: datetime.date | None = None,
    due_date: datetime.date | None = None,
    currency: str | None = None,
    type: str = "ACCREC",
    *,
    status: str = "AUTHORISED",
    reference: str = "",
    currency_rate: str = "1.000000",
    number: str = "",
) -> str:
    """Raise an invoice or bill and return its id; lines are exclusive of tax.

    :param number: the next of the series where it is left out. Bills may share one, as suppliers
        number them; invoices may not.
    """
    if type not in records.CREDIT_TYPE_OF_INVOICE:
        raise records.NotAllowed(f"An invoice cannot be of type {type}.")
    if status not in ("DRAFT", "SUBMITTED", "AUTHORISED"):
        raise records.NotAllowed(f"An invoice cannot be raised as {status}.")
    if type == "ACCREC" and any(one.type == type for one in books.invoices.find("number", number)):
        raise records.NotAllowed("Invoice # must be unique.")
    number = number or books.next_number("INV" if type == "ACCREC" else "BILL")
    date = date or books.today()
    document = document_changes.make(
        books,
        records.INVOICES,
        type,
        contact_id,
        lines,
        number=number,
        reference=reference,
        date=date,
        due_date=due_date or date + datetime.timedelta(days=14),
        currency=currency or books.base_currency,
        currency_rate=currency_rate,
        status=status,
    )
    return document_changes.add(books, document)


def pay(books: ledgers.Books, document_id: str, amount: Decimal | None = None) -> str:
    """Pay an invoice, or refund a credit, wholly unless an amount is given; return its id."""
    document = document_changes.approved(books, document_id)
    cents = document_changes.part_in_cents(document, amount)
    payment = records.Payment(
        payment_id=books.new_id(),
        paid_on=books.today(),
        amount=cents,
        reference="",
        updated_ms=books.now_ms(),
        account_id=records.BANK_ACCOUNT_ID,
    )
    document_changes.change(books, document, payments=(*document.payments, payment))
    return payment.payment_id


def void(books: ledgers.Books, document_id: str, *, keeps_due: bool = False) -> None:
    """Void an approved document, or delete a draft: only where nothing is applied.

    :param keeps_due: whether it goes on showing what was due.
    """
    document = books.document(document_id)
    if document.payments or document.allocations:
        raise records.NotAllowed("This document has payments or credits and cannot be voided.")
    if document.status in ("DRAFT", "SUBMITTED"):
        document_changes.change(books, document, status="DELETED", keeps_due=keeps_due)
    elif document.status == "AUTHORISED":
        document_changes.change(books, document, status="VOIDED", keeps_due=keeps_due)
    else:
        raise records.NotAllowed(f"A document that is {document.status} cannot be voided.")


def approve(books: ledgers.Books, document_id: str) -> None:
    """Turn a draft into an approved document."""
    document = books.document(document_id)
    if document.status not in ("DRAFT", "SUBMITTED"):
        raise records.NotAllowed(f"A document that is {document.status} cannot be approved.")
    document_changes.change(books, document, status="AUTHORISED")


def receive_overpayment(
    books: ledgers.Books,
    contact_id: str,
    amount: Decimal,
    currency: str | None = None,
    *,
    reference: str = "",
    type: str = records.OVERPAYMENT_TYPES[0],
) -> str:
    """Receive more money than was due and return the overpayment's id."""
    if type not in records.OVERPAYMENT_TYPES:
        raise records.NotAllowed(f"An overpayment cannot be of type {type}.")
    document = document_changes.make(
        books,
        records.OVERPAYMENTS,
        type,
        contact_id,
        [records.LineDraft("Overpayment", amount, account_code="610")],
        reference=reference,
        date=books.today(),
        currency=currency or books.base_currency,
        line_amount_types="NoTax",
    )
    return document_changes.add(books, document)


def receive_prepayment(
    books: ledgers.Books,
    contact_id: str,
    amount: Decimal,
    currency: str | None = None,
    *,
    type: str = records.PREPAYMENT_TYPES[0],
) -> str:
    """Receive money before any invoice and return the prepayment's id."""
    if type not in records.PREPAYMENT_TYPES:
        raise records.NotAllowed(f"A prepayment cannot be of type {type}.")
    number = books.next_number("PRE")
    document = document_changes.make(
        books,
        records.PREPAYMENTS,
        type,
        contact_id,
        [records.LineDraft("Course fee paid in advance", amount)],
        number=number,
        reference=number,
        date=books.today(),
        currency=currency or books.base_currency,
    )
    return document_changes.add(books, document)


def touch(books: ledgers.Books, document_id: str) -> None:
    """Bump a document's UpdatedDateUTC and change nothing else."""
    document_changes.change(books, books.document(document_id))


def set_reference(books: ledgers.Books, document_id: str, reference: str) -> None:
    """Write another reference on a document."""
    document_changes.change(books, books.document(document_id), reference=reference)


def give(books: ledgers.Books, document_id: str, contact_id: str) -> None:
    """Give a document to another contact, as whoever edits it in Xero can."""
    contact = books.contact(contact_id)
    document_changes.change(books, books.document(document_id), contact_id=contact.id)


def redate(books: ledgers.Books, document_id: str, date: datetime.date) -> None:
    """Move a document to another day, and so perhaps out of a client's date range."""
    document_changes.change(books, books.document(document_id), date=date)


def edit_due_date_silently(books: ledgers.Books, document_id: str, due_date: datetime.date) -> None:
    """Move a due date without moving UpdatedDateUTC, and without a webhook.

    Xero's documentation of requests names this of part-paid documents.
    """
    document_changes.change(books, books.document(document_id), silently=True, due_date=due_date)


def rewrite(books: ledgers.Books, document_id: str, lines: Sequence[records.LineDraft]) -> None:
    """Write other lines on a document to which no money is applied; exclusive of tax."""
    document = books.document(document_id)
    if document.payments or document.allocations:
        raise records.NotAllowed("This document has payments or credits and cannot be edited.")
    if document.status not in ("DRAFT", "SUBMITTED", "AUTHORISED"):
        raise records.NotAllowed(f"A document that is {document.status} cannot be edited.")
    document_changes.change(
        books, document, line_amount_types="Exclusive", **document_changes.priced(lines)
    )
