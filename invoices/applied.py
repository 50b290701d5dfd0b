"""What was applied to what: credits put towards invoices, read from the credit's own side.

Xero nests allocations in the credit; the invoice's own copy of them is not stored, so that there
is one truth. All functions take a page of documents and make a fixed number of queries.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from connected_apps.models import Organisation
from invoices import words
from invoices.models import Allocation, Document, Kind


class Applicable(Protocol):
    """A document as far as credits are applied to it, or by it."""

    @property
    def id(self) -> int:
        """Our id."""

    @property
    def xero_id(self) -> UUID:
        """Xero's id."""

    @property
    def kind(self) -> str:
        """Its kind, one of `Kind`."""


@dataclass(frozen=True, slots=True)
class Application:
    """An amount put from a credit towards an invoice, as seen from one of the two.

    `name` and `document_id` are the other document's; the id is None where that one has not
    been stored here, as with invoices that Xero keeps out of what was synced.
    """

    name: str
    document_id: int | None
    amount: Decimal
    on: date | None


def applications_of(
    documents: Iterable[Applicable], *, organisation: Organisation
) -> dict[int, list[Application]]:
    """Return for each document (by our id) what it was applied to, or what was applied to it.

    Three queries, whatever the number of documents.
    """
    page = list(documents)
    found: dict[int, list[Application]] = defaultdict(list)
    invoices = {row.xero_id: row.id for row in page if row.kind == Kind.INVOICE}
    _add_towards_invoices(found, invoices, organisation)
    _add_from_credits(found, [row.id for row in page if row.kind != Kind.INVOICE], organisation)
    return dict(found)


def _add_towards_invoices(
    found: dict[int, list[Application]], invoices: dict[UUID, int], organisation: Organisation
) -> None:
    """Add to each invoice the credits applied to it."""
    allocations = (
        Allocation.objects.filter(
            invoice_xero_id__in=list(invoices), document__organisation=organisation
        )
        .select_related("document")
        .defer("document__raw", "document__digest")
        .order_by("date", "id")
    )
    for allocation in allocations:
        credit = allocation.document
        application = Application(
            words.name_of(credit), credit.id, allocation.amount, allocation.date
        )
        if allocation.invoice_xero_id is not None:
            found[invoices[allocation.invoice_xero_id]].append(application)


def _add_from_credits(
    found: dict[int, list[Application]], credit_ids: list[int], organisation: Organisation
) -> None:
    """Add to each credit the invoices it was applied to."""
    allocations = list(Allocation.objects.filter(document_id__in=credit_ids).order_by("date", "id"))
    invoices = dict(
        Document.objects.filter(
            organisation=organisation,
            kind=Kind.INVOICE,
            xero_id__in={row.invoice_xero_id for row in allocations if row.invoice_xero_id},
        ).values_list("xero_id", "id")
    )
    for row in allocations:
        target = invoices.get(row.invoice_xero_id) if row.invoice_xero_id else None
        name = row.invoice_number or "an invoice without a number"
        found[row.document_id].append(Application(name, target, row.amount, row.date))
