"""`orm_loop TENANT ORGANISATION_ID AT_MOST`: how it is usually written, and fairly so.

The SDK's typed models read pages of 1,000; each document is one `update_or_create` and its lines
one `bulk_create` after one delete, in one transaction a document. It keeps no raw JSON, payments
or allocations, and has no limiter, which speaks for it. It stops after AT_MOST documents: its
speed does not grow with their number.
"""

import json
import sys
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token

from benchmarks.parts import product
from invoices.models import Document, LineItem

_NOW = product.clock()


def _api(token: dict[str, Any]) -> AccountingApi:
    client = ApiClient(Configuration(oauth2_token=OAuth2Token()))

    @client.oauth2_token_getter  # type: ignore[untyped-decorator]
    def get_token() -> dict[str, Any]:
        return token

    @client.oauth2_token_saver  # type: ignore[untyped-decorator]
    def save_token(_: dict[str, Any]) -> None: ...

    return AccountingApi(client, base_url=f"{settings.XERO_API_URL}/api.xro/2.0")


@transaction.atomic
def _store(organisation_id: int, one: Any) -> None:
    document, _ = Document.objects.update_or_create(
        organisation_id=organisation_id,
        kind="INVOICE",
        xero_id=one.invoice_id,
        defaults={
            "number": one.invoice_number or "",
            "reference": one.reference or "",
            "status": one.status,
            "contact_xero_id": one.contact.contact_id,
            "contact_name": one.contact.name,
            "date": one.date,
            "due_date": one.due_date,
            "fully_paid_on": one.fully_paid_on_date,
            "currency": one.currency_code.value,
            "currency_rate": one.currency_rate,
            "sub_total": one.sub_total,
            "total_tax": one.total_tax,
            "total": one.total,
            "amount_due": one.amount_due,
            "amount_paid": one.amount_paid,
            "amount_credited": one.amount_credited,
            "updated_at": one.updated_date_utc,
            "read_at": _NOW,
            "digest": b"",
            "raw": {},
            "first_synced_at": _NOW,
            "synced_at": _NOW,
        },
    )
    document.line_items.all().delete()
    LineItem.objects.bulk_create(
        LineItem(
            document=document,
            position=position,
            xero_id=line.line_item_id,
            description=line.description or "",
            quantity=line.quantity,
            unit_amount=line.unit_amount,
            tax_amount=line.tax_amount,
            line_amount=line.line_amount,
            account_code=line.account_code or "",
            tax_type=line.tax_type or "",
        )
        for position, line in enumerate(one.line_items)
    )


def main(tenant: str, organisation_id: int, at_most: int) -> None:
    """Measure the loop over invoices, from the first call to the last commit."""
    token = product.consent([tenant])
    token["scope"] = token["scope"].split()
    api = _api(token)
    count, page, began = 0, 1, time.perf_counter()
    while count < at_most:
        found = api.get_invoices(tenant, where='Type=="ACCREC"', page=page, page_size=1000)
        for one in found.invoices[: at_most - count]:
            _store(organisation_id, one)
            count += 1
        if page >= found.pagination.page_count:
            break
        page += 1
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "documents": count}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
