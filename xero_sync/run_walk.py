"""Walking a step of a run: pages in order, each committed together with the checkpoint.

The checkpoint moves only from the page before: should two workers ever hold the run (a lease that
lapsed during a long pause), the second one's page is rolled back.

Xero refuses lists of more than 100,000 documents. Windows that are known to be large are cut
before they are asked for, and one that Xero refuses all the same is cut in two.
"""

import contextlib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F

from invoices.models import Document
from xero_sync import (
    calls,
    claims,
    client,
    errors,
    listings,
    mapping,
    pulling,
    replies,
    run_log,
    storing,
    writing,
)
from xero_sync.models import Resource, RunState, SyncRun, SyncStep

OPEN = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED, RunState.VERIFYING)
# A good part below Xero's 100,000, since more may be there than is stored here.
LARGE = 60_000


class LostClaim(Exception):
    """The run was cancelled, or another worker has taken it; this worker drops it."""


def listing_of(step: SyncStep) -> listings.Listing:
    """Return the list of Xero's that a step walks."""
    return listings.Listing(
        resource=Resource(step.resource), date_from=step.date_from, date_to=step.date_to
    )


def begin(puller: pulling.Puller, run: SyncRun, clock: claims.Clock) -> None:
    """Store the first page of every list that is not begun: it tells how long the list is.

    Of all lists before the second page of any, so that people see from the start how much there
    is to read.

    :raises errors.XeroError: at the page that failed; those before it are stored.
    """
    while steps := _not_begun(run, clock()):
        pages = puller.first_pages([listing_of(step) for step in steps])
        with contextlib.closing(pages):
            for step, arriving in zip(steps, pages, strict=True):
                try:
                    page = arriving.result()
                except errors.Rejected:
                    if not _cut(step, clock()):
                        raise
                    continue
                _store_page(puller.session, step, 1, page, clock())


def _not_begun(run: SyncRun, now: datetime) -> list[SyncStep]:
    """Return the steps without a first page, none of them too large as far as is known."""
    while True:
        steps = list(run.steps.filter(next_page=1, done_at=None))
        if not any(_is_large(step) and _cut(step, now) for step in steps):
            return steps


def walk(puller: pulling.Puller, step: SyncStep, clock: claims.Clock, ends_at: datetime) -> bool:
    """Walk the rest of a step's pages; return False when the turn is over before the last one.

    :raises errors.XeroError: at the page that failed; those before it are stored.
    """
    if not _walk_pages(puller, step, clock, ends_at):
        return False
    step.done_at = clock()
    step.save(update_fields=["done_at"])
    return True


def _walk_pages(
    puller: pulling.Puller, step: SyncStep, clock: claims.Clock, ends_at: datetime
) -> bool:
    if _is_at_end(step):
        return True
    _expect_next(puller, step)
    pages = puller.walk(
        listing_of(step),
        first_page=step.next_page,
        page_count=step.page_count,
        item_count=step.item_count,
    )
    for number, page in pages:
        _store_page(puller.session, step, number, page, clock())
        if clock() > ends_at and step.next_page <= (step.page_count or 0):
            pages.close()
            return False
    return True


def _is_at_end(step: SyncStep) -> bool:
    if step.page_count is None:  # Xero does not tell: a page that is not full was the last one.
        return step.read_count < (step.next_page - 1) * client.PAGE_SIZE
    return step.next_page > step.page_count


def _expect_next(puller: pulling.Puller, step: SyncStep) -> None:
    """Let the step after this one go on while this one ends."""
    rest = step.run.steps.filter(done_at=None, next_page__lte=F("page_count"))
    if later := rest.exclude(pk=step.pk).first():
        puller.expect(listing_of(later), page=later.next_page)


def _store_page(
    session: calls.Session, step: SyncStep, number: int, page: replies.Page, now: datetime
) -> None:
    """Commit a page and the checkpoint together."""
    with transaction.atomic():
        written = store_loose(session, step.run, Resource(step.resource), page, now)
        # Nobody else has moved it where it still stands before this page, so these are its counts.
        checkpoint: dict[str, Any] = {
            "next_page": number + 1,
            "page_count": page.page_count,
            "walked_since": step.walked_since or page.answered_at or page.sent_at,
            **figures_with(step, page, written),
        }
        if not SyncStep.objects.filter(pk=step.pk, next_page=number).update(**checkpoint):
            raise LostClaim
    for name, value in checkpoint.items():
        setattr(step, name, value)


def store_loose(
    session: calls.Session, run: SyncRun, resource: Resource, page: replies.Page, now: datetime
) -> writing.Written:
    """Commit a page for a run that is still ours, without a checkpoint of its own.

    :raises LostClaim: the run was cancelled.
    """
    with transaction.atomic(savepoint=False):
        session.check_generation()
        kept = SyncRun.objects.filter(pk=run.pk, state__in=OPEN).update(
            claimed_until=now + claims.LEASE, attempts=0, heard_at=now
        )
        if not kept:
            raise LostClaim
        return storing.store(
            organisation_id=run.organisation_id, resource=resource, page=page, now=now
        )


def figures_with(step: SyncStep, page: replies.Page, written: writing.Written) -> dict[str, Any]:
    """Return what a step has read once a page more is read, by the names of its columns."""
    return {
        "item_count": page.item_count,
        "read_count": step.read_count + written.read,
        "new_count": step.new_count + written.new,
        "changed_count": step.changed_count + written.changed,
        "unchanged_count": step.unchanged_count + written.unchanged,
        "set_aside_count": step.set_aside_count + written.set_aside,
        "totals": _added(step.totals, written),
    }


def _added(totals: dict[str, list[str]], written: writing.Written) -> dict[str, list[str]]:
    """Add a page's totals to the step's, as decimal strings."""
    added = dict(totals)
    for currency, (read, stored) in written.totals.items():
        before = added.get(currency, ["0", "0"])
        added[currency] = [str(Decimal(before[0]) + read), str(Decimal(before[1]) + stored)]
    return added


def _is_large(step: SyncStep) -> bool:
    stored = Document.objects.filter(
        organisation_id=step.run.organisation_id,
        kind=mapping.KINDS[Resource(step.resource)],
        date__range=(step.date_from, step.date_to),
    )
    return stored.count() > LARGE


def _cut(step: SyncStep, now: datetime) -> bool:
    """Cut a step's window in two; return False when it is a single day already."""
    days = (step.date_to - step.date_from).days
    if days < 1:
        return False
    middle = step.date_from + timedelta(days=days // 2)
    with transaction.atomic():
        SyncStep.objects.create(
            run=step.run,
            resource=step.resource,
            date_from=middle + timedelta(days=1),
            date_to=step.date_to,
        )
        SyncStep.objects.filter(pk=step.pk).update(date_to=middle)
    label = Resource(step.resource).label
    run_log.say(step.run, f"{label}: reading in two parts, cut at {middle:%-d %b %Y}", now=now)
    return True
