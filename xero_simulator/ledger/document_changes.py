"""How a document is made, priced and changed: what every operation on documents is built from."""

import copy
import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from xero_simulator.ledger import ledgers, records

TAX_TYPE = {True: "OUTPUT", False: "EXEMPTOUTPUT"}
TAX_PERCENT = 10


def make(
    books: ledgers.Books,
    kind: str,
    document_type: str,
    contact_id: str,
    drafts: Sequence[records.LineDraft],
    *,
    date: datetime.date,
    currency: str,
    status: str = "AUTHORISED",
    **values: Any,
) -> records.Document:
    """Return a new document that is not in the books yet; values are fields of the record.

    :raises records.NotAllowed: it would be worth nothing.
    """
    return records.Document(
        kind=kind,
        id=books.new_id(),
        type=document_type,
        status=status,
        contact_id=contact_id,
        date=date,
        currency=currency,
        updated_ms=books.now_ms(),
        **priced(drafts),
        **values,
    )


def add(books: ledgers.Books, document: records.Document) -> str:
    """Put a new document into the books and return its id.

    :raises records.NotAllowed: its contact does not exist.
    """
    _mark_contact(books, document)
    books.store(document, event="CREATE")
    return document.id


def change(
    books: ledgers.Books, document: records.Document, *, silently: bool = False, **changes: Any
) -> None:
    """Put a changed copy of a document in its place.

    :param silently: leave UpdatedDateUTC as it is, and announce nothing.
    """
    changed = copy.copy(document)
    for name, value in changes.items():
        setattr(changed, name, value)
    update_status(changed, books.today())
    changed.rendered = None
    if silently:
        books.tables[changed.kind].put(changed)
        return
    changed.updated_ms = books.now_ms()
    books.store(changed)


def approved(books: ledgers.Books, document_id: str) -> records.Document:
    """Return a document that money can be applied to.

    :raises records.NotAllowed: there is none with that id, or it is draft, paid or void.
    """
    document = books.document(document_id)
    if document.status != "AUTHORISED":
        raise records.NotAllowed(f"This needs an approved document, not a {document.status}.")
    return document


def part_in_cents(document: records.Document, amount: Decimal | None) -> int:
    """Return an amount in cents, all that is outstanding where none is given.

    :raises records.NotAllowed: it is nothing, or more than what is outstanding.
    """
    cents = document.outstanding if amount is None else records.to_cents(amount)
    if not 0 < cents <= document.outstanding:
        raise records.NotAllowed("The amount exceeds the amount outstanding on this document.")
    return cents


def update_status(document: records.Document, on: datetime.date) -> None:
    """Let the status follow the money: paid when nothing is left, approved again otherwise."""
    if document.status == "AUTHORISED" and document.outstanding == 0:
        document.status, document.fully_paid_on = "PAID", on
    elif document.status == "PAID" and document.outstanding > 0:
        document.status, document.fully_paid_on = "AUTHORISED", None


def priced(drafts: Sequence[records.LineDraft]) -> dict[str, Any]:
    """Return the lines and totals of a document.

    :raises records.NotAllowed: it would be worth nothing.
    """
    lines = tuple(_line(draft) for draft in drafts)
    sub_total = sum(line.line_amount for line in lines)
    total_tax = sum(line.tax_amount for line in lines)
    if sub_total + total_tax <= 0:
        raise records.NotAllowed("A document needs lines worth more than nothing.")
    total = sub_total + total_tax
    return {"lines": lines, "sub_total": sub_total, "total_tax": total_tax, "total": total}


def _mark_contact(books: ledgers.Books, document: records.Document) -> None:
    """Make the contact a customer or supplier; Xero does not bump UpdatedDateUTC for that."""
    contact = copy.copy(books.contact(document.contact_id))
    if document.type in records.SALES_TYPES:
        contact.is_customer = True
    else:
        contact.is_supplier = True
    books.contacts.put(contact)


def _line(draft: records.LineDraft) -> records.Line:
    amount = records.to_cents(draft.unit_amount * draft.quantity)
    return records.Line(
        description=draft.description,
        quantity=int(draft.quantity * 10_000),
        unit_amount=int(draft.unit_amount * 10_000),
        line_amount=amount,
        tax_amount=records.to_cents(Decimal(amount * TAX_PERCENT) / 10_000) if draft.taxed else 0,
        tax_type=TAX_TYPE[draft.taxed],
        account_code=draft.account_code,
    )
