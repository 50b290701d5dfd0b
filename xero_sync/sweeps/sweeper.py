"""One turn of a sweep: list what was modified, store it page by page, move the cursor.

One cursor for each organisation and resource. Each page is committed with the cursor's page
number, so a killed sweep resumes where it was. The moment up to which everything is known is
Xero's own (`DateTimeUTC` of the first page), so that our clock need not agree with it; five
minutes of overlap cover what the documentation leaves open (whether the edge is inclusive, how
soon a change is visible). What is too much for one list of Xero's is swept slice by slice.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from connected_apps.models import Connection
from connected_apps.queries import live_connection_of, live_connections
from invoices.models import ReadBy
from xero_sync import fetched_pages
from xero_sync.api import errors, list_queries, rate_limiter, responses, sessions
from xero_sync.contacts import push_notices
from xero_sync.jobs import dispatch, leases
from xero_sync.models import Cursor
from xero_sync.pull import page_sizes, pager
from xero_sync.resources import Resource
from xero_sync.runs import first_sync
from xero_sync.store import problem_count, table_statistics
from xero_sync.sweeps import time_slices
from xero_sync.webhooks import channel_health, channel_trust, event_processing

logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)


def sweep(*, organisation_id: int, clock: leases.Clock) -> timedelta | None:
    """Sweep all due resources of an organisation; return when to come back, if soon.

    Contacts come first, so that documents find their learners.
    """
    connection = live_connection_of(organisation_id=organisation_id)
    if connection is None:
        return None
    delay = _sweep_due(connection, organisation_id, clock)
    # Swept contacts leave events for those that they were merged into.
    event_processing.wake_for_pending(organisation_id=organisation_id)
    return delay


def waiting_organisations(*, now: datetime) -> list[int]:
    """Return the connected organisations that are due to be swept."""
    live = live_connections().values("organisation_id")
    due = Cursor.objects.filter(leases.takeable(Cursor, now), organisation_id__in=live)
    return list(due.values_list("organisation_id", flat=True).distinct())


def start_again(*, organisation_id: int, now: datetime) -> None:
    """Sweep every resource now, whatever stood in the way: the connection was made anew."""
    Cursor.objects.filter(organisation_id=organisation_id).update(
        next_due_at=now, leased_until=None, attempts=0, problem=""
    )
    dispatch.SWEEP.wake(organisation_id)


def _sweep_due(
    connection: Connection, organisation_id: int, clock: leases.Clock
) -> timedelta | None:
    session = sessions.of(connection, lane=rate_limiter.Lane.BULK)
    trusted = channel_trust.trusted(organisation_id=organisation_id, now=clock())
    soonest: timedelta | None = None
    with _taken(organisation_id, trusted, clock) as cursors:
        for cursor in cursors:
            turn = _sweep_one(session, connection, cursor, trusted, clock)
            if turn is None or turn.delay is None:
                continue
            soonest = min(turn.delay, soonest or turn.delay)
            # Where Xero or a limit makes all wait; what is wrong with one kind stops no other.
            if turn.retry is None or not turn.retry.needs_person:
                return soonest
    if soonest is not None:
        return soonest
    problem_count.recount(connection=connection, organisation_id=organisation_id, now=clock())
    _note_good_sync(connection, organisation_id, now=clock())
    return None


@contextmanager
def _taken(
    organisation_id: int, trusted: set[Resource], clock: leases.Clock
) -> Iterator[list[Cursor]]:
    """Take the cursors of all resources that are free and due, and let go of them in the end.

    Where most organisations are idle, what is done for all resources at once is what a sweep costs.
    A resource that was idle is given back with the others that were. Should another keep the worker
    for longer than a lease lasts, whoever comes sweeps it once more.
    """
    due = Cursor.objects.filter(organisation_id=organisation_id)
    taken = leases.take_many(due, most=len(Resource), now=clock())
    cursors = sorted(taken, key=lambda cursor: list(Resource).index(Resource(cursor.resource)))
    yield cursors
    # A worker that has died or lost its database does none of this: its leases lapse.
    idle = [cursor for cursor in cursors if cursor.is_idle]
    for cursor in idle:
        cursor.is_trusted = Resource(cursor.resource) in trusted
    _finish_idle(idle, clock())
    # Those whose turn has not come; whose turn has ended have no lease that could be ended.
    left = [cursor for cursor in cursors if cursor.lease_ends and not cursor.is_idle]
    if left:
        leases.update_leased(*left, leased_until=None)


def _sweep_one(
    session: sessions.Session,
    connection: Connection,
    cursor: Cursor,
    trusted: set[Resource],
    clock: leases.Clock,
) -> leases.Turn | None:
    """Sweep one resource that was taken; return what became of it, None where it was lost.

    :param trusted: the resources whose sweeps may stretch; none is left in it once this one has
        found a change that no event told of.
    """
    if not leases.keep(cursor, now=clock()):
        return None
    cursor.was_resumed = cursor.next_page > 1
    cursor.is_trusted = Resource(cursor.resource) in trusted
    with leases.working_on(
        cursor,
        organisation_id=cursor.organisation_id,
        clock=clock,
        no_sooner=partial(_shortest_wait, cursor),
    ) as turn:
        while not _walk_or_narrow(session, connection, cursor, clock):
            pass
        turn.keeps_leases = cursor.is_idle
    if cursor.missed_at is not None:
        trusted.clear()
    return turn


def _shortest_wait(cursor: Cursor, error: Exception) -> timedelta:
    """Return how long to wait at least: for a list rejected at any length as after a good one."""
    is_rejected = isinstance(error, errors.Rejected)
    return channel_health.sweep_interval(cursor) if is_rejected else timedelta(0)


def _walk_or_narrow(
    session: sessions.Session, connection: Connection, cursor: Cursor, clock: leases.Clock
) -> bool:
    """Walk what the cursor spans, or span less where Xero rejects it; return whether that is all.

    :raises errors.Rejected: Xero takes no list of this kind, however short.
    """
    try:
        if not _walk_or_resize(session, connection, cursor, clock):
            return False
    except errors.Rejected as error:
        if error.is_about_filter:
            raise
        until = time_slices.shorter(cursor, now=clock())
        if until is None:
            raise
        logger.info("Sweeping %s no further than %s for now", cursor.resource, until)
        _begin_walk(cursor, swept_through=cursor.swept_through, until=until, now=clock())
        return False
    if cursor.until is None:
        if not cursor.is_idle:
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
    _change(
        cursor,
        now,
        swept_through=swept_through,
        until=until,
        walk_started_at=None,
        next_page=1,
        page_size=page_sizes.of_next_walk(cursor),
        item_count=None,
    )


def _go_on_at(cursor: Cursor, place: page_sizes.Place, now: datetime) -> None:
    """Go on with the walk in pages of another size, or from the start."""
    logger.info("Sweeping %s by pages of %s", cursor.resource, place.page_size)
    begun = {"walk_started_at": None, "item_count": None} if place.is_start else {}
    _change(cursor, now, **place._asdict(), **begun)


def _change(cursor: Cursor, now: datetime, **changes: Any) -> None:
    leases.renew(cursor, now=now, **changes)
    cursor.was_resumed &= changes.get("next_page") != 1
    for name, value in changes.items():
        setattr(cursor, name, value)


def _walk_or_resize(
    session: sessions.Session, connection: Connection, cursor: Cursor, clock: leases.Clock
) -> bool:
    """Walk to the end; return False where it goes on in pages of another size, or anew."""
    try:
        return _walk(session, connection, cursor, clock)
    except (errors.TimedOut, page_sizes.WalkMoved) as error:
        if place := page_sizes.after(cursor, error):
            _go_on_at(cursor, place, clock())
        if isinstance(error, errors.TimedOut):
            raise
        return False


def _may_have_moved(cursor: Cursor) -> bool:
    """Return whether rows may have left the list of a broken walk without its count telling.

    What is changed leaves a list that ends at a moment, and those after it move up. Nothing enters
    one whose moment is past, so its count tells; but it must have told before.
    """
    if cursor.next_page == 1 or cursor.until is None:
        return False
    is_past = cursor.walk_started_at is not None and cursor.until <= cursor.walk_started_at
    return cursor.item_count is None or not is_past


def _walk(
    session: sessions.Session, connection: Connection, cursor: Cursor, clock: leases.Clock
) -> bool:
    """Store page after page; return whether that was all, or it goes on in larger pages."""
    if _may_have_moved(cursor):
        _go_on_at(cursor, page_sizes.Place(1, cursor.page_size), clock())
    resource = Resource(cursor.resource)
    since = cursor.swept_through - OVERLAP if cursor.swept_through else None
    listing = list_queries.Listing(
        resource=resource, modified_since=since, modified_until=cursor.until
    )
    pages = pager.walk(
        session,
        listing,
        first_page=cursor.next_page,
        page_size=cursor.page_size,
        item_count=cursor.item_count,
        has_failed=cursor.attempts > 0,
    )
    for pages_read, (number, page) in enumerate(pages, 1):
        if number == 1 and _is_whole_and_empty(page):
            # Nothing to store, so nothing to commit before the sweep's own end.
            cursor.walk_started_at = page.answered_at or page.sent_at
            cursor.is_idle = _has_nothing_else_to_say(cursor)
            return True
        with transaction.atomic():
            started_at = cursor.walk_started_at or page.answered_at or page.sent_at
            # The lease before what is stored, as whoever connects anew takes them.
            _change(
                cursor,
                clock(),
                walk_started_at=started_at,
                next_page=number + 1,
                item_count=page.item_count,
                **page_sizes.told_by(page, number, cursor),
            )
            written = fetched_pages.store(
                session,
                organisation_id=cursor.organisation_id,
                resource=resource,
                page=page,
                by=ReadBy.SWEEP,
                now=clock(),
            )
            channel_health.note_sweep(
                connection=connection, cursor=cursor, page=page, written=written, now=clock()
            )
        table_statistics.keep_up(page=number)
        logger.info(
            "Swept %s page %s of organisation %s: %s new, %s changed",
            resource,
            number,
            cursor.organisation_id,
            written.new,
            written.changed,
        )
        if place := page_sizes.larger(cursor, page, pages_read=pages_read):
            pages.close()
            _go_on_at(cursor, place, clock())
            return False
    return True


def _is_whole_and_empty(page: responses.Page) -> bool:
    """Return whether a first page says that there is nothing, which ends a walk."""
    return not page.elements and not page.item_count and (page.page_count or 0) <= 1


def _has_nothing_else_to_say(cursor: Cursor) -> bool:
    """Return whether a walk that found nothing was the whole of a sweep like any other."""
    is_first = cursor.swept_through is None or cursor.last_swept_at is None
    is_whole = cursor.until is None and not cursor.was_resumed
    return is_whole and not is_first and cursor.missed_at is None


def _finish_idle(cursors: list[Cursor], now: datetime) -> None:
    """Finish those that found nothing, with one statement for those that are swept alike."""
    alike: defaultdict[tuple[int, timedelta], list[Cursor]] = defaultdict(list)
    for cursor in cursors:
        interval = channel_health.sweep_interval(cursor)
        alike[page_sizes.of_next_walk(cursor), interval].append(cursor)
    for (page_size, interval), group in alike.items():
        leases.update_leased(
            *group,
            leased_until=None,
            attempts=0,
            **_finished(
                # The earliest holds for all.
                swept_through=min(filter(None, (one.walk_started_at for one in group))),
                page_size=page_size,
                was_due=max(one.next_due_at for one in group),
                now=now,
                later=now + interval,
            ),
        )


def _finish(cursor: Cursor, now: datetime) -> None:
    """Note how far the walk came and when the next is due.

    One that was asked for while this one ran is still owed. So is one after a walk that was taken
    up half-way: what changed on its earlier pages since they were read may be long ago.
    """
    if cursor.next_page > 1:
        # A page that was stored may have shown that events do not arrive.
        cursor.refresh_from_db(fields=["missed_at", "missed_count"])
    if cursor.missed_at and channel_health.is_healthy(cursor):
        Cursor.objects.filter(pk=cursor.pk).update(missed_at=None, missed_count=0)
    later = now if cursor.was_resumed else now + channel_health.sweep_interval(cursor)
    are_first_contacts = cursor.resource == Resource.CONTACT and cursor.last_swept_at is None
    with transaction.atomic() if are_first_contacts else nullcontext():
        leases.release(
            cursor,
            **_finished(
                swept_through=cursor.walk_started_at,
                page_size=page_sizes.of_next_walk(cursor),
                was_due=cursor.next_due_at,
                now=now,
                later=later,
            ),
        )
        if are_first_contacts:
            push_notices.contacts_are_read(organisation_id=cursor.organisation_id)


def _finished(
    *,
    swept_through: datetime | None,
    page_size: int,
    was_due: datetime,
    now: datetime,
    later: datetime,
) -> dict[str, Any]:
    """Return the columns of a cursor after its walk; one asked for meanwhile is due as asked."""
    return {
        "swept_through": swept_through,
        "walk_started_at": None,
        "next_page": 1,
        "page_size": page_size,
        "item_count": None,
        "last_swept_at": now,
        "problem": "",
        "next_due_at": Case(
            When(next_due_at__gt=was_due, then=F("next_due_at")), default=Value(later)
        ),
    }


def _note_good_sync(connection: Connection, organisation_id: int, *, now: datetime) -> None:
    """Remember that everything is in step, unless a resource or the first sync is behind."""
    if first_sync.is_behind(organisation_id):
        return
    is_behind = Q(last_swept_at=None) | ~Q(problem="")
    if not Cursor.objects.filter(is_behind, organisation_id=organisation_id).exists():
        Connection.objects.filter(pk=connection.pk, generation=connection.generation).update(
            last_good_sync_at=now
        )
