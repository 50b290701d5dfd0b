"""The daily count: does Xero have exactly as many sales documents as are stored here?

One light call a kind. Where the numbers differ, halves of the calendar are counted until the
differing weeks are found, and only those are re-synced, by themselves.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from connected_apps.models import Connection
from invoices.models import Document
from xero_sync import calls, errors, listings, mapping, runs, set_aside
from xero_sync.models import Cursor, Resource

logger = logging.getLogger(__name__)

EVERY = timedelta(days=1)
# Windows no longer than this are re-synced as they are.
_NARROW = timedelta(days=45)
Window = tuple[date, date]


def check(
    *, session: calls.Session, link: Connection, organisation_id: int, now: datetime
) -> list[int]:
    """Count every kind that is due; return the runs that were asked for to mend differences.

    :raises errors.XeroError: Xero could not be asked; it stays due.
    """
    asked = []
    whole = (runs.EARLIEST, now.date() + runs.FUTURE)
    due = Cursor.objects.filter(organisation_id=organisation_id, count_due_at__lte=now)
    due.filter(resource=Resource.CONTACT).update(count_due_at=None)
    for cursor in due.exclude(resource=Resource.CONTACT):
        resource = Resource(cursor.resource)
        in_xero, here = _in_xero(session, resource, whole), _here(organisation_id, resource, whole)
        if in_xero is not None and in_xero != here:
            here -= _forget_nameless(organisation_id, resource, here - in_xero)
        if in_xero is not None and in_xero != here:
            for window in _differing(session, organisation_id, resource, whole):
                run = runs.request_heal(link=link, window=window, now=now)
                asked.append(run.pk)
        Cursor.objects.filter(pk=cursor.pk).update(
            count_due_at=now + EVERY, counted_at=now, count_in_xero=in_xero, count_here=here
        )
        logger.info(
            "Counted %s of organisation %s: %s, %s", resource, organisation_id, in_xero, here
        )
    return asked


def _differing(
    session: calls.Session, organisation_id: int, resource: Resource, window: Window
) -> Iterator[Window]:
    """Yield the narrow windows in which the counts differ."""
    if window[1] - window[0] <= _NARROW:
        yield window
        return
    for half in _halves(window):
        in_xero = _in_xero(session, resource, half)
        if in_xero is not None and in_xero != _here(organisation_id, resource, half):
            yield from _differing(session, organisation_id, resource, half)


def _halves(window: Window) -> tuple[Window, Window]:
    middle = window[0] + (window[1] - window[0]) // 2
    return (window[0], middle), (middle + timedelta(days=1), window[1])


def _in_xero(session: calls.Session, resource: Resource, window: Window) -> int | None:
    """Return Xero's count; a window too large for one answer is counted in halves."""
    listing = listings.Listing(resource=resource, date_from=window[0], date_to=window[1])
    try:
        return listings.fetch(session, listing, page=1, page_size=1).item_count
    except errors.Rejected:
        if window[1] <= window[0]:
            raise
        first, second = (_in_xero(session, resource, half) for half in _halves(window))
        return None if first is None or second is None else first + second


def _here(organisation_id: int, resource: Resource, window: Window) -> int:
    """Return how many are stored here; set-aside ones count for the whole range only."""
    stored = Document.objects.filter(
        organisation_id=organisation_id, kind=mapping.KINDS[resource], date__range=window
    ).count()
    if window[0] != runs.EARLIEST:
        return stored
    return stored + set_aside.missing_count(organisation_id, resource)


def _forget_nameless(organisation_id: int, resource: Resource, too_many: int) -> int:
    """Forget what was set aside without an id, where it is just what is too many here.

    Xero then counts none of it: those documents have come again with their ids, and are stored.
    Returns how many were forgotten.
    """
    rows = set_aside.nameless(organisation_id, resource)
    if too_many <= 0 or rows.count() != too_many:
        return 0
    rows.delete()
    return too_many
