"""What a credit was applied to changes with it: the invoices it names are asked for as well.

Whether applying a credit moves the invoice's UpdatedDateUTC is not documented, and the invoice's
own event may be lost. So a credit that was stored anew leaves an event of our own for each invoice,
in the same transaction, and they are fetched together like any other.
"""

from datetime import datetime

from xero_sync import writing
from xero_sync.models import Event


def follow(*, organisation_id: int, written: writing.Written, now: datetime) -> None:
    """Leave events for the invoices that new or changed credits are applied to."""
    Event.objects.bulk_create(
        Event(
            organisation_id=organisation_id,
            category="INVOICE",
            event_type="UPDATE",
            resource_id=invoice_id,
            received_at=now,
            note="Touched by a credit",
        )
        for invoice_id in sorted(written.allocated_invoice_ids)
    )
