"""What a bookkeeper can do with a credit: apply it to an invoice, and take it back.

Either changes two documents. Whether the invoice's UpdatedDateUTC moves with the credit's is not
documented, so each operation can be done both ways; where it does not move, no webhook announces
the invoice either.
"""

from decimal import Decimal

from xero_simulator.ledger import document_changes, ledgers, records


def credit_invoice(
    books: ledgers.Books,
    invoice_id: str,
    amount: Decimal | None = None,
    *,
    moves_invoice: bool = True,
) -> str:
    """Raise a credit note against an invoice, allocate it, and return its id."""
    invoice = document_changes.approved(books, invoice_id)
    if invoice.kind != records.INVOICES:
        raise records.NotAllowed("Only an invoice or a bill can be credited.")
    cents = document_changes.part_in_cents(invoice, amount)
    note = document_changes.make(
        books,
        records.CREDIT_NOTES,
        records.CREDIT_TYPE_OF_INVOICE[invoice.type],
        invoice.contact_id,
        [records.LineDraft(f"Credit for {invoice.number}", _amount(cents))],
        number=books.next_number("CN"),
        reference=invoice.number,
        date=books.today(),
        currency=invoice.currency,
        currency_rate=invoice.currency_rate,
    )
    note_id = document_changes.add(books, note)
    allocate(
        books,
        records.CREDIT_NOTES,
        note_id,
        invoice.id,
        _amount(cents),
        moves_invoice=moves_invoice,
    )
    return note_id


def allocate(
    books: ledgers.Books,
    kind: str,
    credit_id: str,
    invoice_id: str,
    amount: Decimal | None = None,
    *,
    moves_invoice: bool = True,
) -> str:
    """Apply a credit to an invoice, as far as both reach, and return the allocation's id."""
    credit = document_changes.approved(books, credit_id)
    invoice = document_changes.approved(books, invoice_id)
    if credit.kind != kind or kind == records.INVOICES or invoice.kind != records.INVOICES:
        raise records.NotAllowed("A credit is allocated to an invoice.")
    if (credit.type in records.SALES_TYPES) != (invoice.type in records.SALES_TYPES):
        raise records.NotAllowed("Customers' credits go to invoices, suppliers' to bills.")
    if credit.contact_id != invoice.contact_id or credit.currency != invoice.currency:
        raise records.NotAllowed("Credit and invoice are of another contact or currency.")
    cents = min(credit.outstanding, invoice.outstanding)
    if amount is not None:
        wanted = records.to_cents(amount)
        if not 0 < wanted <= cents:
            raise records.NotAllowed("The amount is more than what is left on one of them.")
        cents = wanted
    allocation = records.Allocation(
        allocation_id=books.new_id(),
        amount=cents,
        allocated_on=books.today(),
        credit_kind=kind,
        credit_id=credit.id,
        credit_number=credit.number,
        invoice_id=invoice.id,
        invoice_number=invoice.number,
    )
    document_changes.change(books, credit, allocations=(*credit.allocations, allocation))
    document_changes.change(
        books,
        invoice,
        silently=not moves_invoice,
        allocations=(*invoice.allocations, allocation),
    )
    return allocation.allocation_id


def deallocate(
    books: ledgers.Books,
    credit_id: str,
    allocation_id: str | None = None,
    *,
    moves_invoice: bool = True,
) -> str:
    """Take a credit back from an invoice, the latest where none is named; return its id."""
    credit = books.document(credit_id)
    applied = [
        each
        for each in credit.allocations
        if each.credit_id == credit.id and allocation_id in (None, each.allocation_id)
    ]
    if not applied:
        raise records.NotAllowed("This credit is applied to no such invoice.")
    gone = applied[-1]
    invoice = books.document(gone.invoice_id)
    document_changes.change(books, credit, allocations=_without(credit, gone))
    document_changes.change(
        books, invoice, silently=not moves_invoice, allocations=_without(invoice, gone)
    )
    return gone.allocation_id


def _without(
    document: records.Document, gone: records.Allocation
) -> tuple[records.Allocation, ...]:
    return tuple(one for one in document.allocations if one.allocation_id != gone.allocation_id)


def _amount(cents: int) -> Decimal:
    return Decimal(cents) / 100
