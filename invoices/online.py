"""Which documents have an online invoice to open, and why the others have none.

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


def _kind_with_article(document: Stated) -> str:
    label = Kind(document.kind).label.lower()
    return f"An {label}" if label[0] in "aeiou" else f"A {label}"
