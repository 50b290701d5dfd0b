"""Doing a sync run: walk, closing sweep, verification, telling. Killed anywhere, it resumes.

Each page is committed together with the step's checkpoint, which moves only from the page before:
should two workers ever hold the run (a lease that lapsed during a long pause), the second one's
page is rolled back. What moved in Xero while the walk ran is pulled at the end by modified-since,
and then Xero's count is held against ours. A difference is walked once more before it is told.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from connected_apps.queries import live_connections
from invoices.models import Document
from xero_sync import calls, claims, limiter, mapping, pulling, replies, retrying, run_end, storing
from xero_sync.models import Resource, RunState, RunWhat, SyncRun, SyncStep

logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)
# A run gives its worker back after this long, so that other organisations get their turn.
TURN = timedelta(seconds=30)


class LostClaim(Exception):
    """The run was cancelled, or another worker has taken it; this worker drops it."""


def work_on(*, run_id: int, clock: claims.Clock) -> timedelta | None:
    """Work on a run for a turn; return when to come back, or None when there is nothing to do."""
    now = clock()
    due = SyncRun.objects.filter(pk=run_id, state__in=run_end.OPEN).first()
    if due is None or (due.not_before and due.not_before > now):
        return None
    run = claims.claim(SyncRun, run_id, now=now, state__in=run_end.OPEN)
    if run is None:
        return None
    try:
        finished = _take_turn(run, clock)
    except LostClaim:
        return None
    except Exception as error:
        return _hand_back(run, error, clock())
    if not finished:
        SyncRun.objects.filter(pk=run.pk).update(claimed_until=None)
        return timedelta(0)
    return None


def _take_turn(run: SyncRun, clock: claims.Clock) -> bool:
    """Do as much as fits a turn; return whether the run has ended."""
    ends_at = clock() + TURN
    _set_state(run, RunState.RUNNING, clock())
    if run.what == RunWhat.LEARNERS:
        run_end.requeue_learners(run=run, now=clock())
        return True
    session = _session_of(run)
    for step in run.steps.filter(done_at=None):
        if not _walk(session, run, step, clock, ends_at):
            return False
    _set_state(run, RunState.VERIFYING, clock())
    for step in run.steps.filter(our_count=None):
        _verify(session, run, step, clock)
    run_end.finish(run=run, now=clock())
    return True


def _session_of(run: SyncRun) -> calls.Session:
    link = live_connections().filter(organisation_id=run.organisation_id).first()
    return calls.Session(
        connection_id=link.pk if link else 0, generation=run.generation, lane=limiter.Lane.BULK
    )


def _set_state(run: SyncRun, state: RunState, now: datetime) -> None:
    moved = SyncRun.objects.filter(pk=run.pk, state__in=run_end.OPEN).update(
        state=state, reason="", not_before=None, started_at=run.started_at or now
    )
    if not moved:
        raise LostClaim
    run.started_at = run.started_at or now


def _listing(run: SyncRun, resource: Resource) -> pulling.Listing:
    return pulling.Listing(resource=resource, date_from=run.date_from, date_to=run.date_to)


def _walk(
    session: calls.Session, run: SyncRun, step: SyncStep, clock: claims.Clock, ends_at: datetime
) -> bool:
    """Walk a step's pages; return False when the turn is over before the last page."""
    listing = _listing(run, Resource(step.resource))
    if step.started_at is None:
        step.started_at = clock()
        step.save(update_fields=["started_at"])
    if step.page_count is None or step.next_page <= step.page_count:
        pages = pulling.walk(
            session, listing, first_page=step.next_page, page_count=step.page_count
        )
        for number, page in pages:
            _store_page(session, run, step, number, page, clock())
            if clock() > ends_at:
                pages.close()
                return False
    step.done_at = clock()
    step.save(update_fields=["done_at"])
    return True


def _store_page(
    session: calls.Session,
    run: SyncRun,
    step: SyncStep,
    number: int,
    page: replies.Page,
    now: datetime,
) -> None:
    """Commit a page and the checkpoint together."""
    with transaction.atomic():
        session.check_generation()
        _keep_claim(run, now)
        written = storing.store(
            organisation_id=run.organisation_id,
            resource=Resource(step.resource),
            page=page,
            now=now,
        )
        moved = SyncStep.objects.filter(pk=step.pk, next_page=number).update(
            next_page=number + 1,
            page_count=page.page_count,
            item_count=page.item_count,
            walked_since=step.walked_since or page.answered_at or page.sent_at,
            read_count=F("read_count") + written.read,
            new_count=F("new_count") + written.new,
            changed_count=F("changed_count") + written.changed,
            unchanged_count=F("unchanged_count") + written.unchanged,
            set_aside_count=F("set_aside_count") + written.set_aside,
        )
        if not moved:
            raise LostClaim
    step.refresh_from_db()


def _keep_claim(run: SyncRun, now: datetime) -> None:
    kept = SyncRun.objects.filter(pk=run.pk, state__in=run_end.OPEN).update(
        claimed_until=now + claims.LEASE, attempts=0
    )
    if not kept:
        raise LostClaim


def _verify(session: calls.Session, run: SyncRun, step: SyncStep, clock: claims.Clock) -> None:
    """Pull what moved since the run began, then hold Xero's count against ours.

    Counts are of sales documents by document date. What is set aside is Xero's but not ours, so
    it is added to ours before they are compared.
    """
    resource = Resource(step.resource)
    _pull_modified(session, run, step, clock)
    step.xero_count = step.item_count
    if step.xero_count != _accounted_for(run, step):
        # The figure of the last page is as old as that page: ask for today's.
        step.xero_count = pulling.fetch(
            session, _listing(run, resource), page=1, page_size=1
        ).item_count
    if step.xero_count is not None and step.xero_count != _accounted_for(run, step):
        _heal(session, run, resource, clock)
    step.our_count = _accounted_for(run, step) - step.set_aside_count
    step.save(update_fields=["xero_count", "our_count"])


def _pull_modified(
    session: calls.Session, run: SyncRun, step: SyncStep, clock: claims.Clock
) -> None:
    resource = Resource(step.resource)
    since = (step.walked_since or run.requested_at) - OVERLAP
    listing = pulling.Listing(resource=resource, modified_since=since)
    for _, page in pulling.walk(session, listing):
        _store_loose(session, run, resource, page, clock())


def _heal(session: calls.Session, run: SyncRun, resource: Resource, clock: claims.Clock) -> None:
    logger.info("Run %s: counts of %s differ, reading them once more", run.pk, resource)
    for _, page in pulling.walk(session, _listing(run, resource)):
        _store_loose(session, run, resource, page, clock())


def _store_loose(
    session: calls.Session,
    run: SyncRun,
    resource: Resource,
    page: replies.Page,
    now: datetime,
) -> None:
    """Commit a page that has no checkpoint: it is read again if the worker dies."""
    with transaction.atomic():
        session.check_generation()
        _keep_claim(run, now)
        storing.store(organisation_id=run.organisation_id, resource=resource, page=page, now=now)


def _accounted_for(run: SyncRun, step: SyncStep) -> int:
    """Return how many documents of the range are stored here or stand set aside."""
    stored = Document.objects.filter(
        organisation_id=run.organisation_id,
        kind=mapping.KINDS[Resource(step.resource)],
        date__range=(run.date_from, run.date_to),
    ).count()
    return stored + step.set_aside_count


def _hand_back(run: SyncRun, error: Exception, now: datetime) -> timedelta | None:
    """Give the run back with a time and a reason; nothing here says failed that will be retried."""
    retry = retrying.after(error, attempts=run.attempts)
    SyncRun.objects.filter(pk=run.pk, state__in=run_end.OPEN).update(
        state=RunState.PAUSED,
        reason=retry.why,
        not_before=now + retry.delay,
        claimed_until=None,
        attempts=F("attempts") + 1,
    )
    return retry.delay
