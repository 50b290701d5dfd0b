"""What a credit was applied to changes with it: the invoices it names are asked for as well.

Whether applying a credit, or taking it off again, moves the invoice's UpdatedDateUTC is not
documented, and the invoice's own event may be lost. But an invoice tells what is credited to it:
the sum of all credit notes, overpayments and prepayments applied (Xero's OpenAPI specification).
So where a credit was stored anew, and an invoice that it is or was applied to says another sum
than the allocations that are stored here, an event of our own is left for that invoice, in the same
transaction; they are fetched together like any other. Mostly both agree, and nothing is asked.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from xero_sync import writing
from xero_sync.models import Event


def follow(*, organisation_id: int, written: writing.Written, now: datetime) -> None:
    """Leave events for the invoices that no longer agree with the credits that were written."""
    if not written.allocated_invoice_ids:
        return
    Event.objects.bulk_create(
        Event(
            organisation_id=organisation_id,
            category="INVOICE",
            event_type="UPDATE",
            resource_id=invoice_id,
            received_at=now,
            note="Touched by a credit",
        )
        for invoice_id in _disagreeing(organisation_id, sorted(written.allocated_invoice_ids))
    )


def _disagreeing(organisation_id: int, invoice_ids: Collection[str]) -> list[str]:
    """Return those invoices of whose credited amount the stored allocations are not the sum.

    One that is not stored here is among them, since an allocation of it is, or just was.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT named.xero_id::text
              FROM unnest(%(ids)s::uuid[]) AS named (xero_id)
              LEFT JOIN invoices_document invoice
                ON invoice.organisation_id = %(organisation)s AND invoice.kind = 'INVOICE'
               AND invoice.xero_id = named.xero_id
             WHERE invoice.amount_credited IS DISTINCT FROM
                   (SELECT coalesce(sum(allocation.amount), 0)
                      FROM invoices_allocation allocation
                      JOIN invoices_document credit ON credit.id = allocation.document_id
                     WHERE allocation.invoice_xero_id = named.xero_id
                       AND credit.organisation_id = %(organisation)s)
             ORDER BY named.xero_id
            """,
            {"ids": list(invoice_ids), "organisation": organisation_id},
        )
        return [row[0] for row in cursor.fetchall()]
