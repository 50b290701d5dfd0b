"""What people read for Xero's status words, and for documents without a number.

Xero has six statuses and no word for *overdue*, *part paid* or *partly used* (the OpenAPI
specification lists them); those are derived here from the amounts and dates that Xero sends, for
reading only. A status that is not known here is shown as it came: a new word from Xero is better
seen than hidden. Every status has an icon and a tone besides its words, so that colour never
carries the meaning alone.
"""

import datetime
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from invoices.models import Kind
from lrm import day_formats

# Only what is approved is owed and stands in a balance: neither what is not approved yet, nor what
# was taken back, nor what has a status that is not known here.
APPROVED = ("AUTHORISED", "PAID")
UNAPPROVED = ("DRAFT", "SUBMITTED")
CANCELLED = ("VOIDED", "DELETED")

# Xero's word, and ours for a filter, where no amounts are at hand to say it more exactly.
STATUS_CHOICES = (
    ("DRAFT", "Draft"),
    ("SUBMITTED", "Awaiting approval"),
    ("AUTHORISED", "Approved, not settled"),
    ("PAID", "Paid or used up"),
    ("VOIDED", "Voided"),
    ("DELETED", "Deleted"),
)


@dataclass(frozen=True, slots=True)
class Status:
    """A status as it is shown: words, a symbol of the icon sprite, and the tone of its colour.

    `tone` is one of the pills' looks: ok, busy, warn, bad, idle.
    """

    text: str
    icon: str
    tone: str


_SAME_FOR_ALL = {
    "DRAFT": Status("Draft", "pencil", "idle"),
    "SUBMITTED": Status("Awaiting approval", "clock", "busy"),
    "VOIDED": Status("Voided", "close", "idle"),
    "DELETED": Status("Deleted", "close", "idle"),
}


class Named(Protocol):
    """What a document is called by."""

    @property
    def kind(self) -> str:
        """Its kind, one of `Kind`."""

    @property
    def number(self) -> str:
        """Its number; empty where it has none."""

    @property
    def date(self) -> datetime.date | None:
        """Its own date."""


class Settled(Protocol):
    """What the status of a document is told from; see `invoices.settlement` for the amounts."""

    @property
    def kind(self) -> str:
        """Its kind, one of `Kind`."""

    @property
    def status(self) -> str:
        """Xero's own word."""

    @property
    def due_date(self) -> date | None:
        """When an invoice is due."""

    @property
    def paid(self) -> Decimal:
        """Paid, or refunded."""

    @property
    def credited(self) -> Decimal:
        """Credited, or used."""

    @property
    def amount_due(self) -> Decimal:
        """Due, or left."""


def status_of(document: Settled, *, today: date) -> Status:
    """Return the status of a document in words.

    `today` is the date where the books are kept: an invoice is overdue from the day after it was
    due.
    """
    if document.status in _SAME_FOR_ALL:
        return _SAME_FOR_ALL[document.status]
    if document.status not in APPROVED:
        return Status(document.status or "No status given", "info", "idle")
    if document.kind == Kind.INVOICE:
        return _status_of_invoice(document, today)
    return _status_of_credit(document)


def _status_of_invoice(document: Settled, today: date) -> Status:
    if document.status == "PAID":
        return Status("Paid", "check", "idle")
    settled = _part_settled(document)
    late = overdue_days(document, today=today)
    if late:
        start = f"{settled}, overdue by" if settled else "Overdue by"
        return Status(f"{start} {late} day{'s' if late > 1 else ''}", "warning", "bad")
    if settled:
        return Status(settled, "clock", "warn")
    return Status("Awaiting payment", "clock", "busy")


def _part_settled(document: Settled) -> str:
    if document.paid > 0:
        return "Part paid"
    return "Part credited" if document.credited > 0 else ""


def overdue_days(document: Settled, *, today: date) -> int:
    """Return by how many days an approved invoice with something due is late; 0 when it is not."""
    if document.status != "AUTHORISED" or document.kind != Kind.INVOICE:
        return 0
    if document.due_date is None or document.amount_due <= 0:
        return 0
    return max((today - document.due_date).days, 0)


def _status_of_credit(document: Settled) -> Status:
    if document.status == "AUTHORISED" and document.amount_due > 0:
        if document.paid + document.credited <= 0:
            return Status("Unused", "clock", "busy")
        return Status(f"Partly {_used_or_refunded(document).lower()}", "clock", "warn")
    return Status(_used_or_refunded(document), "check", "idle")


def _used_or_refunded(document: Settled) -> str:
    if document.paid <= 0:
        return "Used"
    return "Used and refunded" if document.credited > 0 else "Refunded"


def name_of(document: Named) -> str:
    """Return what people call a document: its number, or its kind and date where it has none.

    Overpayments never have a number (the OpenAPI specification), drafts may lack one.
    """
    if document.number:
        return document.number
    kind = Kind(document.kind).label
    return f"{kind} of {day_formats.short_day(document.date)}" if document.date else kind
