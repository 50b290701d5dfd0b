"""How long replaced versions are kept: as many days as the installation wants, or for ever.

They are deleted in batches of their own transactions, oldest first. What another worker deletes at
this moment is passed over.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

BATCH = 2000
MOST_BATCHES = 25


def delete_old(*, now: datetime) -> bool:
    """Delete what is older than people want to keep; return whether there may be more."""
    if settings.DOCUMENT_VERSION_DAYS <= 0:
        return False
    before = now - timedelta(days=settings.DOCUMENT_VERSION_DAYS)
    return all(_delete_batch(before) == BATCH for _ in range(MOST_BATCHES))


def _delete_batch(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM invoices_documentversion
             WHERE id IN (SELECT id FROM invoices_documentversion
                           WHERE replaced_at < %s
                           ORDER BY replaced_at LIMIT %s
                             FOR UPDATE SKIP LOCKED)
            """,
            [before, BATCH],
        )
        return int(cursor.rowcount)
