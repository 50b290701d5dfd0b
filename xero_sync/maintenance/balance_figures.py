"""What contacts owe: by Xero's own balance, and by the documents that are stored here.

Balances are not converted by Xero, so a contact who owes in more than one currency has no figure
here that could be held against it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, F, Sum, When

from invoices.models import Document, Kind
from xero_sync.api import json_codec


@dataclass(frozen=True)
class Balance:
    """What a contact's documents here add up to, where they are of one currency."""

    amount: Decimal = Decimal(0)
    currency: str = ""


class Both(NamedTuple):
    """What a contact owes by its documents here, and by Xero."""

    here: Balance
    theirs: Decimal

    @property
    def differ(self) -> bool:
        """Whether they are not the same."""
        return self.here.amount != self.theirs


def of_contacts(organisation_id: int, elements: Iterable[Any]) -> dict[UUID, Both]:
    """Return both figures of the contacts that can be compared and owe or are owed anything.

    :param elements: contacts as Xero gave them just now: what is stored here is looked up at once.
    """
    theirs = dict(filter(None, map(_outstanding, elements)))
    ours = _balances_here(organisation_id, list(theirs))
    return {
        contact_id: Both(here, amount)
        for contact_id, amount in theirs.items()
        if (here := ours.get(contact_id, Balance())) and (amount or contact_id in ours)
    }


def _outstanding(element: Any) -> tuple[UUID, Decimal] | None:
    """Return a contact and what it owes in Xero; None where that cannot be read."""
    if not isinstance(element, dict):
        return None
    contact_id = json_codec.uuid_or_none(element.get("ContactID"))
    try:
        side = (element.get("Balances") or {}).get("AccountsReceivable") or {}
        amount = Decimal(str(side.get("Outstanding", 0)))
    except (AttributeError, InvalidOperation):
        return None
    return (contact_id, amount) if contact_id and amount.is_finite() else None


def _balances_here(organisation_id: int, contact_ids: Sequence[UUID]) -> dict[UUID, Balance | None]:
    """Return what contacts owe by their documents here; None where it is in several currencies.

    Contacts without an approved document are left out.
    """
    signed = Case(When(kind=Kind.INVOICE, then=F("amount_due")), default=-F("amount_due"))
    sums = (
        Document.objects.filter(
            organisation_id=organisation_id, contact_xero_id__in=contact_ids, status="AUTHORISED"
        )
        .order_by()
        .values_list("contact_xero_id", "currency")
        .annotate(owed=Sum(signed))
    )
    found: dict[UUID, Balance | None] = {}
    for contact_id, currency, owed in sums:
        if contact_id is not None:
            found[contact_id] = None if contact_id in found else Balance(owed, currency)
    return found
