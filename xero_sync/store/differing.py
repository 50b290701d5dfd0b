"""One document that differs from Xero: what, in figures and in a sentence.

A step keeps them as JSON: as many as a person may want in a file, though a page shows ten.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from invoices import amounts
from invoices.models import Kind

MOST_KEPT = 1000
OTHER_AMOUNT = "amount"
NOT_STORED = "not stored"
NOT_LISTED = "not listed"
NOT_AMONG_CHANGED = "not among changed"
NOT_SAVED = "not saved"
# Told in a sentence, which stands in place of the number.
SAID = "said"


@dataclass(frozen=True, kw_only=True)
class Differing:
    """A document and how it differs; amounts are decimal strings, empty where not known."""

    how: str
    kind: str
    number: str
    xero_id: str = ""
    currency: str = ""
    in_xero: str = ""
    here: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{Kind(self.kind).label} {self.number}" if self.kind else self.number

    @property
    def what(self) -> str:
        """What differs, in words."""
        return {
            OTHER_AMOUNT: "Another amount",
            NOT_STORED: "Not stored here",
            NOT_LISTED: "No longer in Xero for these dates",
            NOT_AMONG_CHANGED: "Not among what Xero lists as changed",
            NOT_SAVED: "Could not be saved",
            SAID: "Another version",
        }[self.how] + (f": {self.reason}" if self.reason else "")

    @property
    def sentence(self) -> str:
        """The whole in one sentence, for mails, programs and logs."""
        if self.how == NOT_LISTED:
            return f"{self.name}: no longer in Xero for these dates"
        if self.how == NOT_AMONG_CHANGED:
            return f"{self.name}: not among what Xero lists as changed"
        if self.how == SAID:
            return self.number
        if self.how == NOT_SAVED:
            return f"{self.number} is in Xero, but could not be saved"
        in_xero = f"{self.name} comes to {self.currency} {_grouped(self.in_xero)} in Xero"
        if self.how == NOT_STORED:
            return f"{in_xero}, but is not stored here"
        return f"{in_xero}, but {_grouped(self.here)} is stored"


def as_json(found: Iterable[Differing]) -> list[dict[str, str]]:
    """Return them as a JSON column holds them."""
    return [asdict(one) for one in found]


def from_json(kept: Iterable[Mapping[str, Any]]) -> list[Differing]:
    """Return them from what `as_json` returned."""
    return [Differing(**one) for one in kept]


def _grouped(amount: str) -> str:
    return amounts.grouped(Decimal(amount)) if amount else "\u2013"
