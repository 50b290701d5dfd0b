"""Finding contacts by the beginnings of words in name, number and e-mail address."""

from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from invoices import queries
from lrm.roster import search
from xero_sync.contact_tabs.listings import CONTACT_WORDS

_FIND = f"""
    SELECT xero_id FROM invoices_contact
     WHERE organisation_id = %s AND {CONTACT_WORDS} @@ to_tsquery('simple', %s)
     LIMIT %s
"""  # noqa: S608 - the expression is a constant

# The index finds few, of which those stay whose name it is.
_FIND_BY_NAME = f"""
    SELECT xero_id FROM invoices_contact
     WHERE organisation_id = %(organisation)s AND {CONTACT_WORDS} @@ to_tsquery('simple', %(query)s)
       AND {search.words_sql("name")} @@ to_tsquery('simple', %(query)s)
     LIMIT %(most)s
"""  # noqa: S608 - the expressions are constants


def find_by_name(organisation: Organisation, text: str, *, most: int) -> list[UUID]:
    """Return the contacts that have all words of a text in their name, up to a number.

    :param text: words, or how they begin.
    """
    query = search.raw_query(text)
    if query is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND_BY_NAME, {"organisation": organisation.pk, "query": query, "most": most}
        )
        return [xero_id for (xero_id,) in cursor.fetchall()]


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
