"""Invoices with strange fields, in Xero's books or on a page as it was read."""

import copy
from typing import Any

from django.db import transaction

from invoices.models import ReadBy
from tests.support.linked import Linked, clock
from xero_sync.api import responses
from xero_sync.resources import Resource
from xero_sync.store import page_store, upserts

GOOD: dict[str, Any] = {
    "Type": "ACCREC",
    "InvoiceID": "a0000000-0000-4000-8000-000000000001",
    "InvoiceNumber": "INV-1",
    "Status": "AUTHORISED",
    "Contact": {"ContactID": "c0000000-0000-4000-8000-000000000001", "Name": "Ola Made-Up"},
    "DateString": "2026-03-01T00:00:00",
    "Date": "/Date(1772323200000+0000)/",
    "LineItems": [],
    "Total": 110.00,
    "AmountDue": 110.00,
    "CurrencyCode": "AUD",
    "UpdatedDateUTC": "/Date(1772323200000+0000)/",
}


def invoice(number: int, **changes: Any) -> dict[str, Any]:
    """Return an invoice of Xero's with some fields made strange."""
    one = copy.deepcopy(GOOD)
    one["InvoiceID"] = f"a0000000-0000-4000-8000-{number:012}"
    one["InvoiceNumber"] = f"INV-{number}"
    return {key: value for key, value in {**one, **changes}.items() if value is not ...}


def serve(linked: Linked, *invoices: dict[str, Any]) -> None:
    """Let Xero have these invoices and nothing else."""
    linked.world.do("replay", tenant=linked.tenant, documents={"Invoices": list(invoices)})


def store(linked: Linked, elements: list[Any]) -> upserts.Written:
    """Store a page with these elements, as `json_codec` gives them."""
    page = responses.Page(elements, 1, len(elements), 1000, clock(), None, 0, {})
    with transaction.atomic():
        return page_store.store(
            organisation_id=linked.organisation.pk,
            resource=Resource.INVOICE,
            page=page,
            by=ReadBy.SWEEP,
            now=clock(),
        )
