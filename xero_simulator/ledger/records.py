"""What the books hold, in compact form.

Records are treated as immutable: an operation puts a changed copy in place of the old one. That
makes it trivial to go back to the seeded start, to roll back a refused batch, to cache rendered
bytes. Money is whole cents; line prices are ten-thousandths, because Xero keeps four decimals of
them.
"""

import dataclasses
import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

INVOICES = "Invoices"
CREDIT_NOTES = "CreditNotes"
OVERPAYMENTS = "Overpayments"
PREPAYMENTS = "Prepayments"
KINDS = (INVOICES, CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS)

# The first spelling is the one of recorded answers; the specification's enumerations know both.
OVERPAYMENT_TYPES = ("RECEIVE-OVERPAYMENT", "AROVERPAYMENT", "SPEND-OVERPAYMENT", "APOVERPAYMENT")
PREPAYMENT_TYPES = ("RECEIVE-PREPAYMENT", "ARPREPAYMENT", "SPEND-PREPAYMENT", "APPREPAYMENT")
SALES_TYPES = frozenset(("ACCREC", "ACCRECCREDIT", *OVERPAYMENT_TYPES[:2], *PREPAYMENT_TYPES[:2]))
CREDIT_TYPE_OF_INVOICE = {"ACCREC": "ACCRECCREDIT", "ACCPAY": "ACCPAYCREDIT"}
BANK_ACCOUNT_ID = "13918178-849a-4823-9a31-57b7eac713d7"
CATEGORY_OF_KIND = {
    INVOICES: "INVOICE",
    CREDIT_NOTES: "CREDITNOTE",
    OVERPAYMENTS: "OVERPAYMENT",
    PREPAYMENTS: "PREPAYMENT",
}


class NotAllowed(Exception):
    """An operation that Xero would refuse; the message says why, in words for a person."""


class LineDraft(NamedTuple):
    """A line as a person would type it; `unit_amount` is before tax."""

    description: str
    unit_amount: Decimal
    quantity: Decimal = Decimal(1)
    account_code: str = "200"
    taxed: bool = False


class Line(NamedTuple):
    """A line of a document; its LineItemID is derived from the document's when rendered."""

    description: str
    quantity: int  # ten-thousandths
    unit_amount: int  # ten-thousandths of the currency unit
    line_amount: int  # cents; includes tax where the document's LineAmountTypes says Inclusive
    tax_amount: int  # cents
    tax_type: str
    account_code: str
    item_code: str = ""


class Payment(NamedTuple):
    """Cash on a document: money in on an invoice, a refund on a credit."""

    payment_id: str
    paid_on: datetime.date
    amount: int  # cents
    reference: str
    updated_ms: int
    account_id: str


class Allocation(NamedTuple):
    """A credit applied to an invoice; the same value hangs on both documents."""

    allocation_id: str
    amount: int  # cents
    allocated_on: datetime.date
    credit_kind: str
    credit_id: str
    credit_number: str
    invoice_id: str
    invoice_number: str


@dataclasses.dataclass(slots=True)
class Document:
    """An invoice, bill, credit note, overpayment or prepayment.

    :param keeps_due: whether it still shows what was due once it is voided or deleted. The
        specification's example of a voided invoice shows nothing due.
    """

    kind: str
    id: str
    type: str
    status: str
    contact_id: str
    date: datetime.date
    currency: str
    sub_total: int
    total_tax: int
    total: int
    updated_ms: int
    number: str = ""
    reference: str = ""
    due_date: datetime.date | None = None
    currency_rate: str = "1.000000"
    line_amount_types: str = "Exclusive"
    lines: tuple[Line, ...] = ()
    payments: tuple[Payment, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    sent: bool = False
    fully_paid_on: datetime.date | None = None
    by_app: bool = False
    keeps_due: bool = False
    rendered: tuple[object, bytes] | None = dataclasses.field(
        default=None, init=False, repr=False, compare=False
    )

    @property
    def amount_paid(self) -> int:
        """Cents of cash on the document."""
        return sum(payment.amount for payment in self.payments) if self.payments else 0

    @property
    def amount_allocated(self) -> int:
        """Cents credited to an invoice, or applied from a credit."""
        return sum(each.amount for each in self.allocations) if self.allocations else 0

    @property
    def is_open(self) -> bool:
        """Return whether money is still expected or available: not draft, void or deleted."""
        return self.status in ("AUTHORISED", "PAID")

    @property
    def outstanding(self) -> int:
        """Cents still due on an invoice or still to use on a credit."""
        if self.status in ("VOIDED", "DELETED") and not self.keeps_due:
            return 0
        return self.total - self.amount_paid - self.amount_allocated


class Address(NamedTuple):
    """A postal or street address of a contact."""

    kind: str = "STREET"
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    line3: str = ""
    line4: str = ""
    attention_to: str = ""


class PaymentTerm(NamedTuple):
    """When a contact's bills or invoices are due, in the words of Xero's payment terms."""

    side: str
    day: int
    type: str


class BatchPayments(NamedTuple):
    """Where a contact is paid when many are paid at once."""

    account_number: str
    account_name: str
    details: str
    code: str = ""
    reference: str = ""


class Phone(NamedTuple):
    """A telephone number of a contact, in Xero's three parts."""

    kind: str = "DEFAULT"
    number: str = ""
    area: str = ""
    country: str = ""


class Person(NamedTuple):
    """An additional person of a contact."""

    first_name: str
    last_name: str
    email: str
    include_in_emails: bool


@dataclasses.dataclass(slots=True)
class Contact:
    """A person or company that the organisation trades with."""

    id: str
    name: str
    updated_ms: int
    number: str = ""
    account_number: str = ""
    first_name: str = ""
    last_name: str = ""
    company_number: str = ""
    email: str = ""
    tax_number: str = ""
    bank_account: str = ""
    website: str = ""
    default_currency: str = ""
    status: str = "ACTIVE"
    merged_to: str = ""
    is_supplier: bool = False
    is_customer: bool = False
    addresses: tuple[Address, ...] = ()
    phones: tuple[Phone, ...] = ()
    persons: tuple[Person, ...] = ()
    payment_terms: tuple[PaymentTerm, ...] = ()
    batch_payments: BatchPayments | None = None


def to_cents(amount: Decimal) -> int:
    """Round an amount to whole cents, halves away from zero."""
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def from_cents(cents: int) -> str:
    """Write cents as an amount with two decimals."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}{whole}.{part:02d}"
