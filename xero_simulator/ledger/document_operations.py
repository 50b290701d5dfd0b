"""What a bookkeeper can do to documents, with Xero's own refusals."""

import copy
import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from xero_simulator.ledger import ledgers, records

CREDIT_TYPE_OF_INVOICE = {"ACCREC": "ACCRECCREDIT", "ACCPAY": "ACCPAYCREDIT"}
SALES_TYPES = frozenset(("ACCREC", "ACCRECCREDIT", "RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT"))
BANK_ACCOUNT_ID = "13918178-849a-4823-9a31-57b7eac713d7"
TAX_TYPE = {True: "OUTPUT", False: "EXEMPTOUTPUT"}
TAX_PERCENT = 10


class DocumentActs(ledgers.Shelf):
    """The acts on invoices, bills and credits."""

    def raise_invoice(
        self,
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
    ) -> str:
        """Raise an invoice or bill and return its id; lines are exclusive of tax."""
        if type not in CREDIT_TYPE_OF_INVOICE:
            raise records.NotAllowed(f"An invoice cannot be of type {type}.")
        if status not in ("DRAFT", "SUBMITTED", "AUTHORISED"):
            raise records.NotAllowed(f"An invoice cannot be raised as {status}.")
        number = self.next_number("INV" if type == "ACCREC" else "BILL")
        date = date or self.today()
        document = self._document(
            records.INVOICES,
            type,
            contact_id,
            lines,
            number=number,
            reference=reference,
            date=date,
            due_date=due_date or date + datetime.timedelta(days=14),
            currency=currency or self.base_currency,
            currency_rate=currency_rate,
            status=status,
        )
        return self._store_new(document)

    def pay(self, document_id: str, amount: Decimal | None = None) -> str:
        """Pay an invoice, or refund a credit, wholly unless an amount is given; return its id."""
        document = self._open(document_id)
        cents = self._part_of(document, amount)
        payment = records.Payment(
            payment_id=self.new_id(),
            paid_on=self.today(),
            amount=cents,
            reference="",
            updated_ms=self.now_ms(),
            account_id=BANK_ACCOUNT_ID,
        )
        self._change(document, payments=(*document.payments, payment))
        return payment.payment_id

    def void(self, document_id: str) -> None:
        """Void an approved document, or delete a draft: only where nothing is applied."""
        document = self.document(document_id)
        if document.payments or document.allocations:
            raise records.NotAllowed("This document has payments or credits and cannot be voided.")
        if document.status in ("DRAFT", "SUBMITTED"):
            self._change(document, status="DELETED")
        elif document.status == "AUTHORISED":
            self._change(document, status="VOIDED")
        else:
            raise records.NotAllowed(f"A document that is {document.status} cannot be voided.")

    def approve(self, document_id: str) -> None:
        """Turn a draft into an approved document."""
        document = self.document(document_id)
        if document.status not in ("DRAFT", "SUBMITTED"):
            raise records.NotAllowed(f"A document that is {document.status} cannot be approved.")
        self._change(document, status="AUTHORISED")

    def receive_overpayment(
        self,
        contact_id: str,
        amount: Decimal,
        currency: str | None = None,
        *,
        reference: str = "",
    ) -> str:
        """Receive more money than was due and return the overpayment's id."""
        document = self._document(
            records.OVERPAYMENTS,
            "RECEIVE-OVERPAYMENT",
            contact_id,
            [records.LineDraft("Overpayment", amount, account_code="610")],
            reference=reference,
            date=self.today(),
            currency=currency or self.base_currency,
            line_amount_types="NoTax",
        )
        return self._store_new(document)

    def receive_prepayment(
        self, contact_id: str, amount: Decimal, currency: str | None = None
    ) -> str:
        """Receive money before any invoice and return the prepayment's id."""
        number = self.next_number("PRE")
        document = self._document(
            records.PREPAYMENTS,
            "RECEIVE-PREPAYMENT",
            contact_id,
            [records.LineDraft("Course fee paid in advance", amount)],
            number=number,
            reference=number,
            date=self.today(),
            currency=currency or self.base_currency,
        )
        return self._store_new(document)

    def touch(self, document_id: str) -> None:
        """Bump a document's UpdatedDateUTC and change nothing else."""
        self._change(self.document(document_id))

    def set_reference(self, document_id: str, reference: str) -> None:
        """Write another reference on a document."""
        self._change(self.document(document_id), reference=reference)

    def redate(self, document_id: str, date: datetime.date) -> None:
        """Move a document to another day, and so perhaps out of somebody's date range."""
        self._change(self.document(document_id), date=date)

    def edit_due_date_silently(self, document_id: str, due_date: datetime.date) -> None:
        """Move a due date without moving UpdatedDateUTC, and without a webhook.

        Xero's documentation of requests names this of part-paid documents.
        """
        self._change(self.document(document_id), silently=True, due_date=due_date)

    def rewrite(self, document_id: str, lines: Sequence[records.LineDraft]) -> None:
        """Write other lines on a document to which no money is applied; exclusive of tax."""
        document = self.document(document_id)
        if document.payments or document.allocations:
            raise records.NotAllowed("This document has payments or credits and cannot be edited.")
        if document.status not in ("DRAFT", "SUBMITTED", "AUTHORISED"):
            raise records.NotAllowed(f"A document that is {document.status} cannot be edited.")
        self._change(document, line_amount_types="Exclusive", **_worth(lines))

    def _change(
        self, document: records.Document, *, silently: bool = False, **changes: Any
    ) -> None:
        """Put a changed document in place.

        :param silently: do not move UpdatedDateUTC, and tell nobody.
        """
        changed = copy.copy(document)
        for name, value in changes.items():
            setattr(changed, name, value)
        settle(changed, self.today())
        changed.rendered = None
        if silently:
            self.tables[changed.kind].put(changed)
            return
        changed.updated_ms = self.now_ms()
        self.store(changed)

    def _store_new(self, document: records.Document) -> str:
        self._mark_contact(document)
        self.store(document, event="CREATE")
        return document.id

    def _mark_contact(self, document: records.Document) -> None:
        """Make the contact a customer or supplier; Xero does not bump UpdatedDateUTC for that."""
        contact = copy.copy(self.contact(document.contact_id))
        if document.type in SALES_TYPES:
            contact.is_customer = True
        else:
            contact.is_supplier = True
        self.contacts.put(contact)

    def _open(self, document_id: str) -> records.Document:
        document = self.document(document_id)
        if document.status != "AUTHORISED":
            raise records.NotAllowed(f"This needs an approved document, not a {document.status}.")
        return document

    @staticmethod
    def _part_of(document: records.Document, amount: Decimal | None) -> int:
        cents = document.outstanding if amount is None else records.to_cents(amount)
        if not 0 < cents <= document.outstanding:
            raise records.NotAllowed("The amount exceeds the amount outstanding on this document.")
        return cents

    def _document(
        self,
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
        return records.Document(
            kind=kind,
            id=self.new_id(),
            type=document_type,
            status=status,
            contact_id=contact_id,
            date=date,
            currency=currency,
            updated_ms=self.now_ms(),
            **_worth(drafts),
            **values,
        )


def settle(document: records.Document, on: datetime.date) -> None:
    """Let the status follow the money: paid when nothing is left, approved again otherwise."""
    if document.status == "AUTHORISED" and document.outstanding == 0:
        document.status, document.fully_paid_on = "PAID", on
    elif document.status == "PAID" and document.outstanding > 0:
        document.status, document.fully_paid_on = "AUTHORISED", None


def _worth(drafts: Sequence[records.LineDraft]) -> dict[str, Any]:
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
