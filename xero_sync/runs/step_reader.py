"""Reading the steps of a run: pages in order, each committed together with the checkpoint.

The checkpoint moves only from the page before it, and with each page the worker renews its lease on
the run. A worker whose lease lapsed during a long pause and was taken has its page rolled back.

Xero refuses lists of more than 100,000 documents. Windows of which many documents are stored here
are cut before they are asked for, and one that Xero refuses all the same is cut in two, where it
takes one of the parts. A kind that it rejects at any length stops no other.
"""

import contextlib
from collections.abc import Collection
from concurrent.futures import Future
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from lrm import day_formats
from xero_sync.api import client, errors, list_queries, responses, sessions
from xero_sync.jobs import leases
from xero_sync.models import SyncRun, SyncStep
from xero_sync.pull import date_windows, pager
from xero_sync.resources import Resource
from xero_sync.runs import run_log, unlisted
from xero_sync.store import currency_totals, page_store, upserts

# A good part below Xero's 100,000, since more may be there than is stored here.
LARGE = 60_000


def read(puller: pager.Puller, run: SyncRun, clock: leases.Clock, ends_at: datetime) -> bool:
    """Read what is not read yet; return False when the turn is over before the end.

    The first pages of all lists come before the second page of any, so that people see from the
    start how much there is to read. A list that cannot be begun does not stop the others.

    :raises errors.XeroError: at the page that failed; those before it are stored.
    """
    problem = _begin(puller, run, clock)
    begun_again: set[str] = set()
    rejected: dict[str, errors.XeroError] = {}
    while (step := _begun(run, without=rejected)) is not None:
        try:
            if not _read_pages(puller, step, clock, ends_at):
                return False
        except errors.Rejected as error:
            # It was listed when it was begun, so it has grown meanwhile: it is begun again, in
            # parts where that helps. Once a turn, since it need not help.
            if error.is_about_filter or step.resource in begun_again:
                rejected[step.resource] = error
                continue
            begun_again.add(step.resource)
            _forget_reading(step, clock())
            problem = _begin(puller, run, clock)
        else:
            step.done_at = clock()
            step.save(update_fields=["done_at"])
    if problem is None:
        problem = next(iter(rejected.values()), None)
    if problem is not None:
        raise problem
    return True


def from_the_start() -> dict[str, Any]:
    """Return the columns of a step that is to be read anew; its new and changed counts stay."""
    return {
        "next_page": 1,
        "page_count": None,
        "walked_since": None,
        "reading_since": None,
        "done_at": None,
        "read_count": 0,
        "unchanged_count": 0,
        "quarantined_count": 0,
        "missing_count": 0,
        "totals": {},
        "differences": [],
    }


def _begun(run: SyncRun, without: Collection[str]) -> SyncStep | None:
    return run.steps.filter(done_at=None, next_page__gt=1).exclude(resource__in=without).first()


def _forget_reading(step: SyncStep, now: datetime) -> None:
    """Let a step that was begun be read anew."""
    with transaction.atomic():
        renew_lease(step.run, now)
        SyncStep.objects.filter(pk=step.pk).update(**from_the_start())
        step.pages.all().delete()


def _begin(puller: pager.Puller, run: SyncRun, clock: leases.Clock) -> errors.XeroError | None:
    """Store the first page of every list that has none; return the first error."""
    problems: dict[str, errors.XeroError] = {}
    while steps := _not_begun(run, problems.keys(), clock):
        by_listing = {date_windows.of_step(step).listing: step for step in steps}
        wanted = (one for one, step in by_listing.items() if step.resource not in problems)
        with contextlib.closing(puller.first_pages(wanted)) as pages:
            for listing, arriving in pages:
                step = by_listing[listing]
                try:
                    page = _first_page(puller, step, arriving, clock)
                except errors.XeroError as error:
                    problems.setdefault(step.resource, error)
                else:
                    _store_page(puller.session, step, 1, page, clock())
    return next(iter(problems.values()), None)


def _not_begun(run: SyncRun, without: Collection[str], clock: leases.Clock) -> list[SyncStep]:
    """Return the steps without a first page, cut where more is stored than Xero may list."""
    while True:
        steps = list(run.steps.filter(next_page=1, done_at=None).exclude(resource__in=without))
        large = [
            step
            for step in steps
            if date_windows.of_step(step).stored(run.organisation_id)[: LARGE + 1].count() > LARGE
        ]
        if not [step for step in large if _cut(step, clock())]:
            return steps


def _first_page(
    puller: pager.Puller, step: SyncStep, arriving: Future[responses.Page], clock: leases.Clock
) -> responses.Page:
    """Return a step's first page; where Xero refuses so large a list, that of its first part.

    The step is cut only where Xero takes a part of it.
    """
    try:
        return arriving.result()
    except errors.Rejected as error:
        if error.is_about_filter:
            raise
        rejected = error
    window = date_windows.of_step(step)
    for cuts in range(1, date_windows.MOST_CUTS + 1):
        if not window.days:
            break
        window, _ = window.halves()
        try:
            page = list_queries.fetch(puller.session, window.listing, page=1)
        except errors.Rejected as error:
            rejected = error
        else:
            with transaction.atomic():
                for _ in range(cuts):
                    _cut(step, clock())
            return page
    raise rejected


def _read_pages(
    puller: pager.Puller, step: SyncStep, clock: leases.Clock, ends_at: datetime
) -> bool:
    if _is_at_end(step):
        return True
    _expect_next(puller, step)
    pages = puller.walk(
        date_windows.of_step(step).listing,
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


def _expect_next(puller: pager.Puller, step: SyncStep) -> None:
    """Name the list whose pages may be fetched while this step's last ones are stored."""
    rest = step.run.steps.filter(done_at=None, next_page__gt=1, next_page__lte=F("page_count"))
    later = rest.exclude(pk=step.pk).first()
    puller.expect((date_windows.of_step(later).listing, later.next_page) if later else None)


def _store_page(
    session: sessions.Session, step: SyncStep, number: int, page: responses.Page, now: datetime
) -> None:
    """Store a page and move the checkpoint, in one transaction."""
    with transaction.atomic():
        written = store_without_checkpoint(
            session,
            step.run,
            Resource(step.resource),
            page,
            now,
            confirm=step.again_since is not None,
        )
        # The update finds the step only where nobody has moved it, so these counts are current.
        checkpoint: dict[str, Any] = {
            "next_page": number + 1,
            "page_count": page.page_count,
            "item_count": page.item_count,
            "walked_since": step.walked_since or page.answered_at or page.sent_at,
            "reading_since": page.sent_at if number == 1 else step.reading_since,
            "read_count": step.read_count + written.read,
            "new_count": step.new_count + written.new,
            "changed_count": step.changed_count + written.changed,
            "unchanged_count": step.unchanged_count + written.unchanged,
            "quarantined_count": step.quarantined_count + written.quarantined,
            "missing_count": step.missing_count + written.missing,
            "totals": currency_totals.as_json(
                currency_totals.together(currency_totals.from_json(step.totals), written.totals)
            ),
            "differences": [*step.differences, *written.differences][: currency_totals.MOST_NAMED],
        }
        if not SyncStep.objects.filter(pk=step.pk, next_page=number).update(**checkpoint):
            raise leases.LeaseLost
        unlisted.save_page(step, page.elements, written)
    for name, value in checkpoint.items():
        setattr(step, name, value)


def store_without_checkpoint(
    session: sessions.Session,
    run: SyncRun,
    resource: Resource,
    page: responses.Page,
    now: datetime,
    *,
    confirm: bool = False,
) -> upserts.Written:
    """Store a page for a run that is still open; the caller moves a checkpoint, or needs none.

    :param confirm: see `upserts.write`.
    :raises leases.LeaseLost: the run was cancelled, or another worker has taken it.
    """
    with transaction.atomic(savepoint=False):
        session.check_generation()
        renew_lease(run, now)
        return page_store.store(
            organisation_id=run.organisation_id,
            resource=resource,
            page=page,
            now=now,
            confirm=confirm,
        )


def renew_lease(run: SyncRun, now: datetime) -> None:
    """Renew the lease on a run that gets on, in the transaction that changes something of it.

    :raises leases.LeaseLost: the run was cancelled, or another worker has taken it.
    """
    leases.renew(run, now=now, attempts=0, heard_at=now)


def _cut(step: SyncStep, now: datetime) -> bool:
    """Cut a step's window in two: the step keeps the first. Return False when it is one day."""
    window = date_windows.of_step(step)
    if not window.days:
        return False
    first, second = window.halves()
    with transaction.atomic():
        renew_lease(step.run, now)
        SyncStep.objects.create(
            run=step.run,
            resource=step.resource,
            date_from=second.date_from,
            date_to=second.date_to,
            again_since=step.again_since,
        )
        SyncStep.objects.filter(pk=step.pk).update(date_to=first.date_to)
    step.date_to = first.date_to
    label = Resource(step.resource).label
    run_log.write(
        step.run,
        f"{label}: reading in two parts, cut at {day_formats.short_day(first.date_to)}",
        now=now,
    )
    return True
