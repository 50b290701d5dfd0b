"""The walk of a comparison of balances: through all contacts, page after page, over many turns.

A thousand contacts cost a call, and the calls of bulk work in a minute are soon used up. So each
page is committed with the place of the next one, and a walk that a limit stops goes on there.

Both figures of a contact are taken in the same moment, when its page comes. Only its id is kept,
where they differ: by the time that all pages are read the contact may have paid, so whoever kept
it takes both figures anew before anything is said of it. One that came to differ behind the walk is
found a day later.
"""

import contextlib
import logging
from datetime import timedelta
from typing import Any

from xero_sync.api import errors, list_queries, sessions
from xero_sync.jobs import leases
from xero_sync.maintenance import balance_figures
from xero_sync.models import BalanceCheck, Cursor
from xero_sync.pull import page_sizes, pager
from xero_sync.resources import Resource

logger = logging.getLogger(__name__)

# What a walk found when it began says little by then.
OLDEST = timedelta(days=1)
_LISTING = list_queries.Listing(resource=Resource.CONTACT)
# The columns of a row of which no comparison is in progress.
NOT_BEGUN: dict[str, Any] = {
    "walk_started_at": None,
    "walked_count": 0,
    "next_page": 1,
    "item_count": None,
    "is_walked": False,
    "differing": [],
}


def change(row: BalanceCheck, clock: leases.Clock, **changes: Any) -> None:
    """Write changes to a leased row, and to the object.

    :raises leases.LeaseLost: another worker compares.
    """
    leases.renew(row, now=clock(), **changes)
    for name, value in changes.items():
        setattr(row, name, value)


def begin_if_due(row: BalanceCheck, clock: leases.Clock) -> None:
    """Begin a walk, where there is none or it has been under way for too long."""
    now, started_at = clock(), row.walk_started_at
    if started_at is not None and now - started_at < OLDEST:
        return
    contacts = Cursor.objects.get(organisation_id=row.organisation_id, resource=Resource.CONTACT)
    size = min(page_sizes.of_next_walk(row), contacts.page_size)
    _begin(row, page_sizes.Place(1, size), clock)


def go_on(session: sessions.Session, row: BalanceCheck, clock: leases.Clock) -> None:
    """Compare the contacts of the pages that are left, and keep in the row whose figures differ.

    :raises errors.XeroError: at the page that failed; those before it are kept.
    """
    is_over = False
    while not is_over:
        try:
            is_over = _walk(session, row, clock)
        except (errors.TimedOut, page_sizes.WalkMoved) as error:
            place = page_sizes.after(row, error)
            if place is not None:
                _move(row, place, clock)
            if place is None or isinstance(error, errors.TimedOut):
                raise


def _begin(row: BalanceCheck, place: page_sizes.Place, clock: leases.Clock) -> None:
    change(row, clock, **{**NOT_BEGUN, "walk_started_at": clock(), **place._asdict()})


def _move(row: BalanceCheck, place: page_sizes.Place, clock: leases.Clock) -> None:
    """Go on in pages of another size, or from the start."""
    logger.info("Comparing %s by pages of %s", row, place.page_size)
    if place.is_start:
        _begin(row, place, clock)
    else:
        change(row, clock, **place._asdict())


def _walk(session: sessions.Session, row: BalanceCheck, clock: leases.Clock) -> bool:
    """Compare page after page; return whether that was all, or it goes on in larger pages."""
    pages = pager.walk(
        session,
        _LISTING,
        first_page=row.next_page,
        page_size=row.page_size,
        item_count=row.item_count,
        has_failed=row.attempts > 0,
    )
    with contextlib.closing(pages):
        for pages_read, (number, page) in enumerate(pages, 1):
            found = balance_figures.of_contacts(row.organisation_id, page.elements)
            differing = {str(one) for one, both in found.items() if both.differ}
            change(
                row,
                clock,
                next_page=number + 1,
                item_count=page.item_count,
                walked_count=row.walked_count + len(found),
                differing=sorted(differing.union(row.differing)),
                **page_sizes.told_by(page, number, row),
            )
            if place := page_sizes.larger(row, page, pages_read=pages_read):
                _move(row, place, clock)
                return False
    return True
