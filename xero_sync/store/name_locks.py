"""The lock of an organisation's contact names, for whoever writes contacts or documents.

Pages of documents may be written side by side. A page of contacts waits for them, and they for it,
or each would miss the other's rows: one lock of the organisation, taken before any row is.
"""

from django.db import connection

from xero_sync.resources import Resource

# A namespace for the locks of names, of this module alone.
_NAME_LOCKS = 0x6E616D65


def hold(organisation_id: int, resource: Resource) -> None:
    """Let pages of the other sort wait until the caller's transaction ends.

    Who stores a page has it. Others call this who must take further locks before they store one.
    """
    how = "" if resource is Resource.CONTACT else "_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{how}(%s, %s)", [_NAME_LOCKS, organisation_id])
