"""How long replaced versions are kept: as many days as the installation wants, or for ever.

Those of a contact whose person asked Xero to be forgotten are not kept at all: Xero writes another
name over the old one, which would live on in them.

They are deleted in batches of their own transactions. What another worker deletes at this moment is
passed over.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

BATCH = 2000
MOST_BATCHES = 25
# Xero's word for a contact that is erased on request.
_ERASED = "GDPRREQUEST"
_OLD = """
    SELECT id FROM invoices_documentversion WHERE replaced_at < %s
     ORDER BY replaced_at LIMIT %s FOR UPDATE SKIP LOCKED
    """
_OF_ERASED = """
    SELECT version.id FROM invoices_contact contact
      JOIN invoices_document document
        ON document.organisation_id = contact.organisation_id
       AND document.contact_xero_id = contact.xero_id
      JOIN invoices_documentversion version ON version.document_id = document.id
     WHERE contact.status = %s LIMIT %s FOR UPDATE OF version SKIP LOCKED
    """


def delete_unwanted(*, now: datetime) -> bool:
    """Delete what is older than people want, or of the erased; return whether there may be more."""
    has_more = _delete_all(_OF_ERASED, [_ERASED])
    if settings.DOCUMENT_VERSION_DAYS > 0:
        before = now - timedelta(days=settings.DOCUMENT_VERSION_DAYS)
        has_more = _delete_all(_OLD, [before]) or has_more
    return has_more


def _delete_all(chosen: str, parameters: list[str | datetime]) -> bool:
    """Delete what a query chooses; return whether a turn was too short for it."""
    return all(_delete_batch(chosen, parameters) == BATCH for _ in range(MOST_BATCHES))


def _delete_batch(chosen: str, parameters: list[str | datetime]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM invoices_documentversion WHERE id IN ({chosen})",  # noqa: S608 - from above
            [*parameters, BATCH],
        )
        return int(cursor.rowcount)
