"""Made-up documents: eighteen months of a training provider's trade out of a seed.

The same seed, counts and anchor date give the same books to the byte. Documents are made in the
order of their dates; a credit is made out to a contact with an open invoice and applied to it.
"""

import datetime
import random
from typing import NamedTuple

from xero_simulator.ledger import document_changes, records
from xero_simulator.seeding import catalogue, people

DAY_MS = 86_400_000
# How a hundred documents divide; every kind appears in any hundred.
SCHEDULE = (
    ("ACCREC",) * 58
    + ("ACCPAY",) * 22
    + ("ACCRECCREDIT",) * 6
    + ("RECEIVE-OVERPAYMENT",) * 4
    + ("RECEIVE-PREPAYMENT",) * 4
    + ("ACCPAYCREDIT",) * 2
    + ("SPEND-OVERPAYMENT",) * 2
    + ("SPEND-PREPAYMENT",) * 2
)
KIND_OF_TYPE = {
    "ACCRECCREDIT": records.CREDIT_NOTES,
    "ACCPAYCREDIT": records.CREDIT_NOTES,
    "RECEIVE-OVERPAYMENT": records.OVERPAYMENTS,
    "SPEND-OVERPAYMENT": records.OVERPAYMENTS,
    "RECEIVE-PREPAYMENT": records.PREPAYMENTS,
    "SPEND-PREPAYMENT": records.PREPAYMENTS,
}
# Foreign units for one unit of the base currency.
RATES = {
    "AUD": (("NZD", "1.091200"), ("USD", "0.655300"), ("SGD", "0.881900")),
    "NZD": (("AUD", "0.916400"), ("USD", "0.600500"), ("SGD", "0.808200")),
}
OLD_OUTCOMES = ("PAID",) * 70 + ("PART",) * 9 + ("OPEN",) * 12 + ("VOIDED",) * 6 + ("DELETED",) * 3
NEW_OUTCOMES = (
    ("PAID",) * 25 + ("PART",) * 12 + ("OPEN",) * 46 + ("DRAFT",) * 8 + ("SUBMITTED",) * 4
) + ("VOIDED",) * 5


class Profile(NamedTuple):
    """What distinguishes one organisation's trade from another's."""

    country: str
    currency: str
    anchor: datetime.date
    documents: int
    contacts: int
    # How many days the books reach back.
    span_days: int


class Made(NamedTuple):
    """The records of an organisation, and the last number of each series."""

    cast: people.Cast
    documents: list[records.Document]
    counters: dict[str, int]


def make_books(rng: random.Random, profile: Profile) -> Made:
    """Make an organisation's contacts and documents."""
    maker = _Maker(rng, profile)
    documents = [maker.make(at) for at in range(profile.documents)]
    return Made(maker.cast, documents, maker.counters)


class _Maker:
    def __init__(self, rng: random.Random, profile: Profile) -> None:
        self.rng = rng
        self.profile = profile
        self.span = profile.span_days
        self.start = profile.anchor - datetime.timedelta(days=self.span)
        self.dates = [self.start + datetime.timedelta(days=n) for n in range(self.span + 61)]
        midnight = datetime.datetime.combine(self.start, datetime.time(), datetime.UTC)
        self.start_ms = int(midnight.timestamp()) * 1000
        self.end_ms = self.start_ms + self.span * DAY_MS
        self.cast = people.make_cast(rng, profile.contacts, profile.country, self.start_ms)
        tax = catalogue.TAX_OF_COUNTRY[profile.country]
        self.sales = catalogue.sales_baskets(tax)
        self.purchases = catalogue.purchase_baskets(tax)
        self.schedule = list(SCHEDULE)
        rng.shuffle(self.schedule)
        self.open: dict[str, list[records.Document]] = {"ACCREC": [], "ACCPAY": []}
        self.counters: dict[str, int] = {}

    def make(self, at: int) -> records.Document:
        """Make the document of that place in the row."""
        day = at * self.span // self.profile.documents
        document_type = self.schedule[at % len(self.schedule)]
        if document_type in self.open:
            return self._invoice(document_type, day)
        return self._credit(document_type, day)

    def _invoice(self, document_type: str, day: int) -> records.Document:
        rng = self.rng
        is_sale = document_type == "ACCREC"
        basket = rng.choice(self.sales if is_sale else self.purchases)
        contact = self._contact(is_sale)
        currency, rate = self._currency()
        total = basket.sub_total + basket.total_tax
        document = records.Document(
            kind=records.INVOICES,
            id=people.random_id(rng),
            type=document_type,
            status="AUTHORISED",
            contact_id=contact.id,
            date=self.dates[day],
            due_date=self.dates[day + (14, 30, 60)[rng.randrange(3)]],
            currency=currency,
            currency_rate=rate,
            sub_total=basket.sub_total,
            total_tax=basket.total_tax,
            total=total,
            updated_ms=self._moment(day),
            number=self._number(document_type),
            reference=self._reference(contact) if is_sale else "",
            line_amount_types=basket.line_amount_types,
            lines=basket.lines,
            sent=is_sale and rng.random() < 0.8,
        )
        self._let_happen(document, day)
        return document

    def _let_happen(self, document: records.Document, day: int) -> None:
        """Give an invoice its fate: paid, part paid, open, draft, voided or deleted."""
        outcomes = OLD_OUTCOMES if day < self.span - 60 else NEW_OUTCOMES
        outcome = outcomes[int(self.rng.random() * len(outcomes))]
        if outcome == "PAID":
            self._pay(document, document.total, day)
        elif outcome == "PART":
            self._pay(document, max(1, document.total * 2 // 5), day)
        elif outcome != "OPEN":
            document.status = outcome
        if document.status == "AUTHORISED":
            self.open[document.type].append(document)

    def _pay(self, document: records.Document, amount: int, day: int) -> None:
        """Pay in one go, or in two parts that do not divide evenly."""
        parts = (amount,) if self.rng.random() < 0.8 else (amount // 3, amount - amount // 3)
        for part in parts:
            day = min(self.span - 1, day + self.rng.randrange(1, 20))
            payment = records.Payment(
                people.random_id(self.rng),
                self.dates[day],
                part,
                "Direct deposit",
                self._moment(day),
                records.BANK_ACCOUNT_ID,
            )
            document.payments = (*document.payments, payment)
            document.updated_ms = max(document.updated_ms, payment.updated_ms)
        document_changes.update_status(document, self.dates[day])

    def _credit(self, document_type: str, day: int) -> records.Document:
        rng = self.rng
        is_sale = document_type in records.SALES_TYPES
        invoice = self._open_invoice("ACCREC" if is_sale else "ACCPAY")
        kind = KIND_OF_TYPE[document_type]
        cents = rng.randrange(1_000, 90_000)
        if invoice and rng.random() < 0.4:
            cents = invoice.outstanding
        currency, rate = (invoice.currency, invoice.currency_rate) if invoice else self._currency()
        number = "" if kind == records.OVERPAYMENTS else self._number(document_type)
        document = records.Document(
            kind=kind,
            id=people.random_id(rng),
            type=document_type,
            status="AUTHORISED",
            contact_id=invoice.contact_id if invoice else self._contact(is_sale).id,
            date=self.dates[day],
            currency=currency,
            currency_rate=rate,
            sub_total=cents,
            total_tax=0,
            total=cents,
            updated_ms=self._moment(day),
            number=number,
            reference=number if kind == records.PREPAYMENTS else f"REF {cents}",
            line_amount_types="NoTax",
            lines=catalogue.single_line(_words(kind), cents, "610" if number == "" else "200"),
        )
        self._use(document, invoice, day)
        return document

    def _use(self, credit: records.Document, invoice: records.Document | None, day: int) -> None:
        """Apply a credit to an invoice, refund it, void it, or leave it for later."""
        fate = self.rng.random()
        if fate < 0.6 and invoice:
            self._apply(credit, invoice, day)
        elif fate < 0.75:
            self._pay(credit, credit.total if fate < 0.7 else credit.total // 2, day)
        elif fate < 0.8:
            credit.status = "VOIDED"
        elif fate < 0.85 and credit.kind == records.CREDIT_NOTES:
            credit.status = "DRAFT"

    def _apply(self, credit: records.Document, invoice: records.Document, day: int) -> None:
        allocation = records.Allocation(
            people.random_id(self.rng),
            min(credit.outstanding, invoice.outstanding),
            self.dates[day],
            credit.kind,
            credit.id,
            credit.number,
            invoice.id,
            invoice.number,
        )
        for document in (credit, invoice):
            document.allocations = (*document.allocations, allocation)
            document.updated_ms = max(document.updated_ms, credit.updated_ms)
            document_changes.update_status(document, self.dates[day])

    def _open_invoice(self, document_type: str) -> records.Document | None:
        """Return a recent invoice with something due, dropping those that were paid since."""
        rows = self.open[document_type]
        while rows:
            at = self.rng.randrange(max(0, len(rows) - 50), len(rows))
            if rows[at].status == "AUTHORISED":
                return rows[at]
            del rows[at]
        return None

    def _contact(self, is_sale: bool) -> records.Contact:
        if not is_sale:
            return self.rng.choice(self.cast.suppliers)
        if self.rng.random() < 0.12:
            return self.rng.choice(self.cast.employers)
        return self.rng.choice(self.cast.learners)

    def _currency(self) -> tuple[str, str]:
        draw = self.rng.random()
        if draw >= 0.09:
            return self.profile.currency, "1.000000"
        return RATES[self.profile.currency][int(draw * 100) // 3]

    def _moment(self, day: int) -> int:
        moment = self.start_ms + day * DAY_MS + int(self.rng.random() * DAY_MS)
        return min(moment, self.end_ms - 1)

    def _number(self, document_type: str) -> str:
        prefix = _PREFIXES[document_type]
        self.counters[prefix] = count = self.counters.get(prefix, 0) + 1
        return f"{prefix}-{count:04d}"

    def _reference(self, contact: records.Contact) -> str:
        if contact.number:
            return f"{contact.number} term {self.rng.randrange(1, 5)}"
        return f"PO {self.rng.randrange(1_000, 9_999)}"


_PREFIXES = {
    "ACCREC": "INV",
    "ACCPAY": "BILL",
    "ACCRECCREDIT": "CN",
    "ACCPAYCREDIT": "SCN",
    "RECEIVE-PREPAYMENT": "PRE",
    "SPEND-PREPAYMENT": "SPRE",
}


def _words(kind: str) -> str:
    return {
        records.CREDIT_NOTES: "Credit for withdrawn unit",
        records.OVERPAYMENTS: "Paid twice",
        records.PREPAYMENTS: "Deposit before enrolment",
    }[kind]
