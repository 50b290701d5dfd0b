"""Finding contacts by the beginnings of words in name, number and e-mail address."""

from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from invoices import queries
from invoices.document_sums import Sql
from lrm.roster import search
from xero_sync.contact_tabs.listings import CONTACT_WORDS

_FIND = f"""
    SELECT xero_id FROM invoices_contact
     WHERE organisation_id = %s AND {CONTACT_WORDS} @@ to_tsquery('simple', %s)
     LIMIT %s
"""  # noqa: S608 - the expression is a constant

# The index finds few, of which those stay whose name it is.
_NAMED = f"""
    SELECT xero_id FROM invoices_contact
     WHERE organisation_id = %s AND {CONTACT_WORDS} @@ to_tsquery('simple', %s)
       AND {search.words_sql("name")} @@ to_tsquery('simple', %s)
"""  # noqa: S608 - the expressions are constants


def named(organisation: Organisation, query: str) -> Sql:
    """Return the statement that reads the ids of all contacts with all words in their name.

    :param query: from `search.raw_query`.
    """
    return Sql(_NAMED, (organisation.pk, query, query))


def find(organisation: Organisation, text: str, *, most: int) -> list[UUID]:
    """Return the contacts that match, archived ones too, up to a number.

    Those of another portal's learners are not this portal's to see.
    """
    query = search.raw_query(text)
    if query is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [organisation.pk, query, most])
        found = [xero_id for (xero_id,) in cursor.fetchall()]
    theirs = queries.contacts_of_other_portals(found, organisation=organisation)
    return [xero_id for xero_id in found if xero_id not in theirs]
