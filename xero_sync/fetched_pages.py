"""What is done with every page that was fetched outside of a run, in one place.

It may still be stored; it is; what follows from it is noted; whoever has to do that is woken. Runs
have their own (`runs.step_checkpoint`), as they compare all invoices once, at their end.
"""

from datetime import datetime

from invoices.models import ReadBy
from xero_sync.api import responses, sessions
from xero_sync.jobs import dispatch
from xero_sync.resources import Resource
from xero_sync.store import credit_mismatches, page_store, upserts


def store(
    session: sessions.Session,
    *,
    organisation_id: int,
    resource: Resource,
    page: responses.Page,
    by: ReadBy,
    now: datetime,
    confirm: bool = False,
) -> upserts.Written:
    """Store a page inside the caller's transaction, with what follows from it.

    A caller that holds a lease renews it first, as whoever connects anew takes the locks.

    :param by: what brought the page, kept with each version that it replaces.
    :param confirm: see `upserts.write`.
    :raises connection_errors.StaleGeneration: the connection has moved on since it was asked for.
    """
    session.check_generation()
    written = page_store.store(
        organisation_id=organisation_id,
        resource=resource,
        page=page,
        by=by,
        now=now,
        confirm=confirm,
    )
    if credit_mismatches.follow(
        organisation_id=organisation_id, resource=resource, written=written, now=now
    ):
        dispatch.FETCH_EVENTS.wake(organisation_id)
    return written
