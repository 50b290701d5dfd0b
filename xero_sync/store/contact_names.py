"""The name that a document shows is its contact's, whichever of the two told it last.

Xero shows a contact's name on every one of its documents, but does not say that a new name moves
the documents' UpdatedDateUTC. So a new name is written to the documents here, and a document that
was read before its contact takes the contact's.

Pages of documents may be written side by side; a page of contacts waits for them, and they for
it, or each would miss the other's rows. One lock of the organisation, taken before any row is.
"""

from collections.abc import Sequence

from django.db import connection

from xero_sync.resources import Resource

# A namespace for the locks, of this module alone.
_LOCKS = 0x6E616D65


def hold(*, organisation_id: int, resource: Resource) -> None:
    """Keep pages of the other sort waiting until the caller's transaction ends."""
    how = "" if resource is Resource.CONTACT else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_advisory_xact_lock{how}(%s, %s)",
            [_LOCKS, organisation_id],
        )


def align(*, organisation_id: int, resource: Resource, touched_ids: Sequence[str]) -> None:
    """Give documents their contacts' names where these were read later.

    :param touched_ids: Xero's ids of the contacts, or of the documents, that were just written.
    """
    if not touched_ids:
        return
    side = "contact.xero_id" if resource is Resource.CONTACT else "document.xero_id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE invoices_document document
               SET contact_name = contact.name
              FROM invoices_contact contact
             WHERE document.organisation_id = %s AND {side} = ANY(%s::uuid[])
               AND contact.organisation_id = document.organisation_id
               AND contact.xero_id = document.contact_xero_id
               AND contact.name <> document.contact_name
               AND contact.read_at >= document.read_at
            """,  # noqa: S608 - one of two names from above
            # As one literal: a list would be quoted id by id.
            [organisation_id, f"{{{','.join(touched_ids)}}}"],
        )
