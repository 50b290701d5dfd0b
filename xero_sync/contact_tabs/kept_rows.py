"""The first rows of tabs for which all of a large table is looked through.

Who has no contact, and whose contact no learner has, is told by what is missing, for which there is
no index. Where there are many links, the first thousand rows are therefore kept in this process:
until a link is made or ended, a learner is saved, or a document is stored, and for a minute at
most. A tab's count and its pages are both cut from them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.cache import cache
from django.db import connection

from connected_apps.models import Organisation
from lrm.models import Portal
from xero_sync.contact_tabs.tabs import LeftOut, Tab

LOOKED_THROUGH = (Tab.WITHOUT_CONTACT, Tab.NO_LEARNER)
KEPT_SECONDS = 60
# Below so many links, of all portals, looking takes a few milliseconds.
MANY_LINKS = 20_000
_STAND = """
    SELECT (SELECT reltuples FROM pg_class WHERE relname = 'invoices_contactlink'),
           (SELECT max(id) FROM invoices_contactlinkchange WHERE organisation_id = %(at)s),
           (SELECT max(id) FROM lrm_learnerchange),
           (SELECT max(synced_at) FROM invoices_document WHERE organisation_id = %(at)s)
"""

Rows = Sequence[Sequence[Any]]


def of(
    portal: Portal, organisation: Organisation, tab: Tab | LeftOut, load: Callable[[], Rows]
) -> Rows | None:
    """Return the first rows of a tab in their order, None where nothing is kept of it.

    :param load: reads them from the database.
    """
    if tab not in LOOKED_THROUGH:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_STAND, {"at": organisation.pk})
        links, *stand = cursor.fetchone()
    if links <= MANY_LINKS:
        return None
    key = f"contact-tab-{portal.pk}-{organisation.pk}-{tab}"
    kept: tuple[list[Any], Rows] | None = cache.get(key)
    if kept is None or kept[0] != stand:
        kept = stand, load()
        cache.set(key, kept, KEPT_SECONDS)
    return kept[1]
