"""Invoices whose credited sum differs from the credits stored here are fetched again.

A credit changes the invoice that it is applied to. Xero does not document whether applying it, or
removing it again, moves the invoice's UpdatedDateUTC, and the invoice's own event may be lost. But
an invoice tells the sum of all credit notes, overpayments and prepayments that are applied to it
(Xero's specification 16.1.0, Invoices). Where that differs from the allocations that are stored
here, an event of our own is stored for the invoice, and it is fetched like any other. Mostly both
agree, and nothing is fetched.

After a page of credits the invoices of their contacts are compared: a credit may have been removed
from an invoice before it was ever stored here, and then it names no invoice. A run compares all
invoices at its end, since most credits come after the invoices; so does the daily count.
"""

from datetime import datetime

from django.db import connection

from xero_sync import resources
from xero_sync.models import WebhookEvent
from xero_sync.resources import Resource
from xero_sync.store import upserts

# More mean that Xero counts something else into the sum, or that a run is yet to come.
_MOST = 2000
_DIFFERS = """
    invoice.amount_credited <> (
        SELECT coalesce(sum(allocation.amount), 0)
          FROM invoices_allocation allocation
          JOIN invoices_document credit ON credit.id = allocation.document_id
         WHERE allocation.invoice_xero_id = invoice.xero_id
           AND credit.organisation_id = invoice.organisation_id)
"""


def follow(
    *, organisation_id: int, resource: Resource, written: upserts.Written, now: datetime
) -> bool:
    """Store events for the invoices that differ, of the contacts of a page, in its transaction.

    Return whether there are any.
    """
    if not resources.of(resource).is_credit or not written.touched_ids:
        return False
    return _store_events(
        organisation_id,
        f"""
        SELECT invoice.xero_id FROM invoices_document invoice
         WHERE invoice.organisation_id = %(organisation)s AND invoice.kind = 'INVOICE'
           AND invoice.contact_xero_id IN (
               SELECT contact_xero_id FROM invoices_document
                WHERE organisation_id = %(organisation)s AND kind = %(kind)s
                  AND xero_id = ANY(%(touched)s::uuid[]))
           AND {_DIFFERS}
         UNION
        SELECT named.xero_id FROM unnest(%(named)s::uuid[]) AS named (xero_id)
          LEFT JOIN invoices_document invoice
            ON invoice.organisation_id = %(organisation)s AND invoice.kind = 'INVOICE'
           AND invoice.xero_id = named.xero_id
         WHERE invoice.id IS NULL OR {_DIFFERS}
        """,  # noqa: S608 - the condition is above
        now,
        # With it the ids are found by their index, which names the kind before the id.
        kind=str(resources.of(resource).kind),
        touched=written.touched_ids,
        named=sorted(written.allocated_invoice_ids),
    )


def follow_all(*, organisation_id: int, now: datetime) -> None:
    """Store events for all stored invoices that differ from the stored credits."""
    _store_events(
        organisation_id,
        """
        SELECT invoice.xero_id
          FROM invoices_document invoice
          LEFT JOIN (
               SELECT allocation.invoice_xero_id, sum(allocation.amount) AS amount
                 FROM invoices_allocation allocation
                 JOIN invoices_document credit ON credit.id = allocation.document_id
                WHERE credit.organisation_id = %(organisation)s
                GROUP BY allocation.invoice_xero_id) applied
            ON applied.invoice_xero_id = invoice.xero_id
         WHERE invoice.organisation_id = %(organisation)s AND invoice.kind = 'INVOICE'
           AND invoice.amount_credited <> coalesce(applied.amount, 0)
        """,
        now,
    )


def _store_events(
    organisation_id: int, invoice_ids: str, now: datetime, **values: list[str] | str
) -> bool:
    """Store an event for each invoice that a query names; return whether it names any."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT xero_id::text FROM ({invoice_ids}) found ORDER BY 1 LIMIT {_MOST}",  # noqa: S608 - queries above
            {"organisation": organisation_id, **values},
        )
        found = [row[0] for row in cursor.fetchall()]
    WebhookEvent.objects.bulk_create(
        WebhookEvent(
            organisation_id=organisation_id,
            category="INVOICE",
            event_type="UPDATE",
            resource_id=invoice_id,
            received_at=now,
            note="Touched by a credit",
        )
        for invoice_id in found
    )
    return bool(found)
