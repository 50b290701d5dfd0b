"""What a connection needs before anything is read: its cursors, and the first sync.

Both are made in the transaction that connects. Beat looks for connections that lack them all the
same: those that were made half by an earlier release, or by hand.
"""

import logging
from datetime import datetime

from django.db import DatabaseError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from connected_apps.models import Connection
from connected_apps.queries import live_connections
from xero_sync.jobs import dispatch, sweep_schedule
from xero_sync.models import Cursor, SyncRun
from xero_sync.resources import Resource
from xero_sync.runs import first_sync, run_requests

logger = logging.getLogger(__name__)


def begin(*, connection: Connection, now: datetime) -> bool:
    """Make what is missing for the connection's organisation; return whether anything was.

    In a transaction that holds the connection's lock, so that two never make it twice.
    """
    organisation = connection.organisation
    if organisation is None:
        return False
    is_new = sweep_schedule.begin(organisation_id=organisation.pk, now=now)
    if not is_new and first_sync.exists(organisation.pk):
        return False
    run_requests.request_first(connection=connection, organisation=organisation, now=now)
    return True


def repair(*, now: datetime) -> None:
    """Make what is missing for every connection that stands. One that fails keeps no other."""
    for pk in _lacking().values_list("pk", flat=True):
        try:
            with transaction.atomic():
                _repair(pk, now)
        except DatabaseError:
            logger.exception("What connection %s needs could not be made; tried again soon", pk)


def _repair(pk: int, now: datetime) -> None:
    locked = live_connections().select_for_update(of=("self",)).filter(pk=pk).first()
    if locked is None or not begin(connection=locked, now=now):
        return
    logger.warning("Connection %s lacked its beginning; it was made now", pk)
    dispatch.SWEEP.wake(locked.organisation_id or 0)


def _lacking() -> QuerySet[Connection]:
    """Return the live connections whose organisation lacks a cursor or the first sync."""
    cursors = (
        Cursor.objects.filter(organisation=OuterRef("organisation"))
        .order_by()
        .values("organisation")
        .annotate(count=Count("pk"))
        .filter(count__gte=len(Resource))
    )
    first = SyncRun.objects.filter(organisation=OuterRef("organisation"), is_first=True)
    return live_connections().filter(~Q(Exists(cursors)) | ~Q(Exists(first)))
