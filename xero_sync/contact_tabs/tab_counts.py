"""How many rows each tab has.

Nearly all are counted in a moment, since counting stops at a thousand. Where few rows of a large
table are without something, all of it is looked through. Where there are many links, such a count
is kept for a minute, unless a link is made or ended, so that the page stays quick with a hundred
thousand learners.
"""

from django.core.cache import cache
from django.db import connection

from connected_apps.models import Organisation
from lrm.models import Portal
from xero_sync.contact_tabs.listings import Count, Listing, count
from xero_sync.contact_tabs.tabs import LeftOut, Tab

_KEPT_SECONDS = 60
# Below so many links, of all portals, counting takes a few milliseconds.
_MANY_LINKS = 20_000
_LOOKED_THROUGH = (Tab.WITHOUT_CONTACT, Tab.NO_LEARNER)


def of_all(portal: Portal, organisation: Organisation | None) -> dict[Tab | LeftOut, Count]:
    """Return the count of every tab, and of each part of the last one."""
    every: list[Tab | LeftOut] = [*(tab for tab in Tab if tab is not Tab.LEFT_OUT), *LeftOut]
    last_change = _last_change(organisation)
    counts = {
        one: _kept(Listing(portal, organisation, one), last_change)
        if one in _LOOKED_THROUGH
        else count(Listing(portal, organisation, one))
        for one in every
    }
    left_out = (counts[part] for part in LeftOut)
    counts[Tab.LEFT_OUT] = sum(left_out, start=Count(0))
    return counts


def waiting(portal: Portal, organisation: Organisation) -> tuple[Count, Count]:
    """Return how many questions wait for an answer, and how many learners were refused."""
    questions, refused = (
        count(Listing(portal, organisation, tab)) for tab in (Tab.QUESTIONS, Tab.REFUSED)
    )
    return questions, refused


def _kept(listing: Listing, last_change: int) -> Count:
    key = f"contact-tabs-{listing.portal.pk}-{listing.tab}-{last_change}"
    kept: Count | None = cache.get(key)
    if kept is None:
        kept = count(listing)
        if _has_many_links():
            cache.set(key, kept, _KEPT_SECONDS)
    return kept


def _has_many_links() -> bool:
    """Return whether there are many, by what the database knows without counting."""
    return _number("SELECT reltuples FROM pg_class WHERE relname = 'invoices_contactlink'") > (
        _MANY_LINKS
    )


def _last_change(organisation: Organisation | None) -> int:
    """Return the newest line of the history: with another one a link was made or ended."""
    if organisation is None:
        return 0
    return _number(
        "SELECT COALESCE(max(id), 0) FROM invoices_contactlinkchange WHERE organisation_id = %s",
        organisation.pk,
    )


def _number(statement: str, *params: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.fetchone()[0])
