"""Reading the steps of a run: pages in order, each committed together with the checkpoint.

Xero refuses lists of more than 100,000 documents. Windows of which many documents are stored here
are cut before they are asked for, and one that Xero refuses all the same is cut in two, where it
takes one of the parts. A kind that it rejects at any length stops no other.
"""

import contextlib
from collections.abc import Collection
from concurrent.futures import Future
from datetime import datetime

from django.db import transaction
from django.db.models import F

from lrm import day_formats
from xero_sync.api import errors, list_queries, responses
from xero_sync.jobs import leases
from xero_sync.models import SyncRun, SyncStep
from xero_sync.pull import date_windows, page_sizes, pager
from xero_sync.resources import Resource
from xero_sync.runs import run_log, step_checkpoint

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


def _begun(run: SyncRun, without: Collection[str]) -> SyncStep | None:
    return run.steps.filter(done_at=None, next_page__gt=1).exclude(resource__in=without).first()


def _forget_reading(step: SyncStep, now: datetime) -> None:
    """Let a step that was begun be read anew."""
    with transaction.atomic():
        step_checkpoint.renew_lease(step.run, now)
        SyncStep.objects.filter(pk=step.pk).update(**step_checkpoint.from_the_start())
        step.pages.all().delete()


def _begin(puller: pager.Puller, run: SyncRun, clock: leases.Clock) -> errors.XeroError | None:
    """Store the first page of every list that has none; return the first error."""
    problems: dict[str, errors.XeroError] = {}
    while steps := _not_begun(run, problems.keys(), clock):
        by_listing = {date_windows.of_step(step).listing: step for step in steps}
        wanted = (one for one, step in by_listing.items() if step.resource not in problems)
        sized = ((one, by_listing[one].page_size) for one in wanted)
        with contextlib.closing(puller.first_pages(sized)) as pages:
            for listing, arriving in pages:
                step = by_listing[listing]
                try:
                    page = _first_page_or_none(puller, step, arriving, clock)
                except errors.XeroError as error:
                    problems.setdefault(step.resource, error)
                    step_checkpoint.resize_after(step, error, clock())
                else:
                    step_checkpoint.store_page(puller.session, step, 1, page, clock())
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


def _first_page_or_none(
    puller: pager.Puller, step: SyncStep, arriving: Future[responses.Page], clock: leases.Clock
) -> responses.Page:
    """Return a step's first page; an empty one where Xero takes no question for the undated.

    Its own pages ask for a date, so there is hardly any; what there is comes by webhook and sweep.
    """
    if not date_windows.of_step(step).is_undated:
        return _first_page(puller, step, arriving, clock)
    try:
        return arriving.result()
    except errors.Rejected as error:
        label = Resource(step.resource).label
        run_log.write(step.run, f"{label}: Xero does not list those without a date", now=clock())
        return responses.none(sent_at=clock(), headers=error.headers)


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
            page = list_queries.fetch(
                puller.session, window.listing, page=1, page_size=step.page_size
            )
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
    """Store a step's pages; return False when the turn is over before the last.

    A step that moved is not at its end: it goes on in pages of another size, or was put back to the
    start.
    """
    while not _is_at_end(step):
        try:
            is_over = _read_on(puller, step, clock, ends_at)
        except (errors.TimedOut, page_sizes.ListMoved) as error:
            step_checkpoint.resize_after(step, error, clock())
            if isinstance(error, errors.TimedOut):
                raise
            is_over = step.next_page == 1
        if is_over:
            return False
        if step.page_count is None:
            return True
    return True


def _read_on(puller: pager.Puller, step: SyncStep, clock: leases.Clock, ends_at: datetime) -> bool:
    """Store pages of one size to the last; return whether the turn is over before it."""
    _expect_next(puller, step)
    pages = puller.walk(
        date_windows.of_step(step).listing,
        first_page=step.next_page,
        page_size=step.page_size,
        page_count=step.page_count,
        item_count=step.item_count,
    )
    for pages_read, (number, page) in enumerate(pages, 1):
        step_checkpoint.store_page(puller.session, step, number, page, clock())
        if clock() > ends_at and not _is_at_end(step) and page.elements:
            pages.close()
            return True
        if place := page_sizes.larger(step, page, pages_read=pages_read):
            pages.close()
            step_checkpoint.go_on_at(step, place, clock())
            return False
    return False


def _is_at_end(step: SyncStep) -> bool:
    if step.page_count is None:  # Xero does not tell: an empty page was the last one.
        return step.next_page > 1 and not step.read_count
    return step.next_page > step.page_count


def _expect_next(puller: pager.Puller, step: SyncStep) -> None:
    """Name the list whose pages may be fetched while this step's last ones are stored."""
    rest = step.run.steps.filter(done_at=None, next_page__gt=1, next_page__lte=F("page_count"))
    later = rest.exclude(pk=step.pk).first()
    puller.expect(
        (date_windows.of_step(later).listing, later.page_size, later.next_page) if later else None
    )


def _cut(step: SyncStep, now: datetime) -> bool:
    """Cut a step's window in two: the step keeps the first. Return False when it is one day."""
    window = date_windows.of_step(step)
    if not window.days:
        return False
    first, *others = window.parts()
    with transaction.atomic():
        step_checkpoint.renew_lease(step.run, now)
        for other in others:
            SyncStep.objects.create(
                run=step.run,
                resource=step.resource,
                date_from=other.date_from,
                date_to=other.date_to,
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
