"""Which documents have an online invoice or a PDF to open, and why the others have none.

The OpenAPI specification says that online invoices exist for sales invoices that are not drafts,
and is silent on voided and deleted ones. A cancelled invoice must not invite anybody to pay it,
so those are not offered; a status that is not known here is not offered either.
"""

from typing import Protocol

from invoices.models import Kind

OFFERED = ("SUBMITTED", "AUTHORISED", "PAID")

_REASONS = {
    "DRAFT": "A draft has no online invoice.",
    "VOIDED": "Voided in Xero, so not offered.",
    "DELETED": "Deleted in Xero, so not offered.",
}


class Stated(Protocol):
    """What decides whether there is an online invoice."""

    @property
    def kind(self) -> str:
        """Its kind, one of `Kind`."""

    @property
    def status(self) -> str:
        """Xero's own word."""


def reason_against(document: Stated) -> str:
    """Return why the online invoice is not offered, or an empty text where it is."""
    if document.kind != Kind.INVOICE:
        return f"{_kind_with_article(document)} has no online invoice."
    if document.status in OFFERED:
        return ""
    return _REASONS.get(document.status, f"The status {document.status} is not known here.")


def reason_against_pdf(document: Stated) -> str:
    """Return why Xero's own PDF is not offered, or an empty text where it is.

    Xero makes one of invoices and credit notes. Of a draft or a voided one it may say no on the
    click, which is then told.
    """
    if document.kind not in {Kind.INVOICE, Kind.CREDIT_NOTE}:
        return f"Xero makes no PDF of {_kind_with_article(document).lower()}."
    return _REASONS["DELETED"] if document.status == "DELETED" else ""


def _kind_with_article(document: Stated) -> str:
    label = Kind(document.kind).label.lower()
    return f"An {label}" if label[0] in "aeiou" else f"A {label}"
