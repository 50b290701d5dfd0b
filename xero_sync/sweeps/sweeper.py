"""Sweeps: pulling what was modified since the last one, the backstop of webhooks.

One cursor for each organisation and resource. Each page is committed with the cursor's page
number, so a killed sweep resumes where it was. The moment up to which everything is known is
Xero's own (`DateTimeUTC` of the first page), so that our clock need not agree with it; five
minutes of overlap cover what the documentation leaves open (whether the edge is inclusive, how
soon a change is visible). What is too much for one list of Xero's is swept span by span.
"""

import contextlib
import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When

from connected_apps.models import Connection
from connected_apps.queries import live_connections
from xero_sync.api import errors, list_queries, rate_limiter, sessions
from xero_sync.jobs import day_limit, leases, retry_policy
from xero_sync.models import Cursor
from xero_sync.pull import pager
from xero_sync.resources import Resource
from xero_sync.runs import first_sync
from xero_sync.store import credit_mismatches, page_store, quarantine_retry
from xero_sync.sweeps import time_slices
from xero_sync.webhooks import channel_health

logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)


def sweep(*, organisation_id: int, clock: leases.Clock) -> timedelta | None:
    """Sweep all due resources of an organisation; return when to come back, if soon.

    Contacts come first, so that documents find their learners.
    """
    connection = live_connections().filter(organisation_id=organisation_id).first()
    if connection is None:
        return None
    session = sessions.Session(
        connection_id=connection.pk, generation=connection.generation, lane=rate_limiter.Lane.BULK
    )
    due = Cursor.objects.filter(organisation_id=organisation_id, next_due_at__lte=clock())
    cursors = dict(due.values_list("resource", "pk"))
    for pk in [cursors[resource] for resource in Resource if resource in cursors]:
        retry = _sweep_one(session, connection, pk, clock)
        if retry is not None:
            return retry.delay
    quarantine_retry.recount(connection=connection, organisation_id=organisation_id, now=clock())
    _note_good_sync(connection, organisation_id, now=clock())
    return None


def _sweep_one(
    session: sessions.Session, connection: Connection, pk: int, clock: leases.Clock
) -> retry_policy.Retry | None:
    """Sweep one resource where it is free and due; return what stopped it, if anything did."""
    now = clock()
    cursor = leases.claim(Cursor, pk, now=now, next_due_at__lte=now)
    if cursor is None:
        return None
    try:
        while not _walk_or_narrow(session, connection, cursor, clock):
            pass
    except leases.Lost:
        return None
    except Exception as error:
        retry = retry_policy.after(error, attempts=cursor.attempts)
        day_limit.pause(organisation_id=cursor.organisation_id, error=error, now=clock())
        with contextlib.suppress(leases.Lost):
            leases.keep(
                cursor,
                until=None,
                attempts=cursor.attempts + 1,
                problem=retry.why,
                next_due_at=clock() + _delay_after(error, retry, cursor),
            )
        return retry
    return None


def _delay_after(error: Exception, retry: retry_policy.Retry, cursor: Cursor) -> timedelta:
    """Return when to try again: a list that is rejected at any length no sooner than a good one."""
    if isinstance(error, errors.Rejected):
        return max(retry.delay, channel_health.sweep_interval(cursor))
    return retry.delay


def _walk_or_narrow(
    session: sessions.Session, connection: Connection, cursor: Cursor, clock: leases.Clock
) -> bool:
    """Walk what the cursor spans, or span less where Xero rejects it; return whether that is all.

    :raises errors.Rejected: Xero takes no list of this kind, however short.
    """
    try:
        _walk(session, connection, cursor, clock)
    except errors.Rejected:
        until = time_slices.shorter(cursor, now=clock())
        if until is None:
            raise
        logger.info("Sweeping %s no further than %s for now", cursor.resource, until)
        _begin_walk(cursor, swept_through=cursor.swept_through, until=until, now=clock())
        return False
    if cursor.until is None:
        _finish(cursor, clock())
        return True
    # Until when it is known is Xero's word, should our clock be ahead of it.
    reached = min(filter(None, [cursor.until, cursor.walk_started_at]))
    until = time_slices.following(cursor, now=clock())
    _begin_walk(cursor, swept_through=reached, until=until, now=clock())
    return False


def _begin_walk(
    cursor: Cursor, *, swept_through: datetime | None, until: datetime | None, now: datetime
) -> None:
    with transaction.atomic():
        leases.keep(
            cursor,
            until=now + leases.LEASE,
            swept_through=swept_through,
            walk_started_at=None,
            next_page=1,
        )
        # Apart, because `until` there is how long the claim lasts.
        Cursor.objects.filter(pk=cursor.pk).update(until=until)
    cursor.swept_through, cursor.until = swept_through, until
    cursor.walk_started_at, cursor.next_page = None, 1


def _walk(
    session: sessions.Session, connection: Connection, cursor: Cursor, clock: leases.Clock
) -> None:
    resource = Resource(cursor.resource)
    since = cursor.swept_through - OVERLAP if cursor.swept_through else None
    listing = list_queries.Listing(
        resource=resource, modified_since=since, modified_until=cursor.until
    )
    for number, page in pager.walk(session, listing, first_page=cursor.next_page):
        with transaction.atomic():
            session.check_generation()
            written = page_store.store(
                organisation_id=cursor.organisation_id, resource=resource, page=page, now=clock()
            )
            credit_mismatches.follow(
                organisation_id=cursor.organisation_id,
                resource=resource,
                written=written,
                now=clock(),
            )
            channel_health.note_sweep(
                connection=connection, cursor=cursor, page=page, written=written, now=clock()
            )
            started_at = cursor.walk_started_at or page.answered_at or page.sent_at
            leases.keep(
                cursor,
                until=clock() + leases.LEASE,
                walk_started_at=started_at,
                next_page=number + 1,
            )
            cursor.walk_started_at = started_at
        logger.info(
            "Swept %s page %s of organisation %s: %s new, %s changed",
            resource,
            number,
            cursor.organisation_id,
            written.new,
            written.changed,
        )


def _finish(cursor: Cursor, now: datetime) -> None:
    """Note how far the walk came and when the next is due.

    One that was asked for while this one ran is still owed. So is one after a walk that was taken
    up half-way: what changed on its earlier pages since they were read may be long ago.
    """
    cursor.refresh_from_db(fields=["missed_at", "missed_count"])
    if cursor.missed_at and channel_health.is_healthy(cursor):
        Cursor.objects.filter(pk=cursor.pk).update(missed_at=None, missed_count=0)
    was_resumed = cursor.next_page > 1
    later = now if was_resumed else now + channel_health.sweep_interval(cursor)
    leases.keep(
        cursor,
        until=None,
        swept_through=cursor.walk_started_at,
        walk_started_at=None,
        next_page=1,
        last_swept_at=now,
        attempts=0,
        problem="",
        next_due_at=Case(
            When(next_due_at__gt=cursor.next_due_at, then=F("next_due_at")), default=Value(later)
        ),
    )


def _note_good_sync(connection: Connection, organisation_id: int, *, now: datetime) -> None:
    """Remember that everything is in step, unless a resource or the first sync is behind."""
    if first_sync.is_behind(organisation_id):
        return
    cursors = Cursor.objects.filter(organisation_id=organisation_id)
    if not cursors.filter(last_swept_at=None).exists() and not cursors.exclude(problem="").exists():
        Connection.objects.filter(pk=connection.pk, generation=connection.generation).update(
            last_good_sync_at=now
        )
