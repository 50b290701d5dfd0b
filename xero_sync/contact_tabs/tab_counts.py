"""How many rows each tab has: nearly all are counted in a moment, since counting stops at 1,000."""

from connected_apps.models import Organisation
from lrm.models import Portal
from xero_sync.contact_tabs.listings import Count, Listing, count
from xero_sync.contact_tabs.tabs import LeftOut, Tab


def of_all(portal: Portal, organisation: Organisation | None) -> dict[Tab | LeftOut, Count]:
    """Return the count of every tab, and of each part of the last one."""
    every: list[Tab | LeftOut] = [*(tab for tab in Tab if tab is not Tab.LEFT_OUT), *LeftOut]
    counts = {one: count(Listing(portal, organisation, one)) for one in every}
    left_out = (counts[part] for part in LeftOut)
    counts[Tab.LEFT_OUT] = sum(left_out, start=Count(0))
    return counts


def waiting(portal: Portal, organisation: Organisation) -> tuple[Count, Count]:
    """Return how many questions wait for an answer, and how many learners were refused."""
    questions, refused = (
        count(Listing(portal, organisation, tab)) for tab in (Tab.QUESTIONS, Tab.REFUSED)
    )
    return questions, refused
