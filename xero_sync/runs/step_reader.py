"""Reading the steps of a run: pages in order, each committed together with the checkpoint.

Xero refuses lists of more than 100,000 documents. Windows of which many documents are stored here
are cut before they are asked for, and one that Xero refuses all the same is cut in two, where it
takes one of the parts. A kind that it rejects at any length stops no other.

Where a run is cut by age, see `newest_first`, its older windows are not asked for before the newest
are verified; only a kind that Xero refuses does not hold them up.
"""

import contextlib
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from lrm.waking import worker_stop
from xero_sync.api import errors, list_queries, responses
from xero_sync.jobs import leases
from xero_sync.models import SyncRun, SyncStep
from xero_sync.pull import date_windows, page_sizes, pager
from xero_sync.resources import Resource
from xero_sync.runs import newest_first, run_log, step_checkpoint, step_cuts

# What one part of a run met, by kind.
Problems = dict[str, errors.XeroError]


@dataclass
class _Turn:
    """How long pages are asked for: until the turn's end, but one at least."""

    clock: leases.Clock
    ends_at: datetime
    has_read: bool = False
    _is_over: bool = False

    def is_over(self) -> bool:
        """Return whether no more pages are to be asked for; once it is so, it stays so.

        Clocks are put back. A walk that ended for this would else be taken for one at its end.
        """
        self._is_over = self._is_over or (self.has_read and self.clock() > self.ends_at)
        return self._is_over


def read(puller: pager.Puller, run: SyncRun, clock: leases.Clock, ends_at: datetime) -> bool:
    """Read the part that is not read yet; return False when the turn is over before its end.

    Pages that are on their way at the end of the turn are awaited and stored: thrown away, each
    would cost a call more. A worker that is told to stop ends after the page that it is at.

    The first pages of all its lists come before the second page of any, so that people see from the
    start how much there is to read. A list that cannot be begun does not stop the others.

    :raises errors.XeroError: at the page that failed; those before it are stored.
    """
    problems: Problems = {}
    turn = _Turn(clock, ends_at)
    for is_older in (False, True):
        found = _read_part(puller, _Part(run, is_older, frozenset(problems)), turn)
        if found is None:
            return False
        problems |= found
        if not _may_go_on(run, problems):
            break
    for problem in problems.values():
        raise problem
    return True


def read_less(run: SyncRun, now: datetime) -> bool:
    """Let what was read when a worker died go on in smaller pages; return whether there are any.

    Which list that was nobody knows: it may be the next of each kind, or the one under way.
    """
    at_hand: dict[tuple[bool, str], SyncStep] = {}
    for is_older in (False, True):
        for step in _Part(run, is_older, frozenset()).open_steps(()):
            is_begun = step.next_page > 1
            at_hand.setdefault((is_older, "" if is_begun else step.resource), step)
    places = [(step, page_sizes.after_deaths(step)) for step in at_hand.values()]
    for step, place in places:
        if place is not None:
            step_checkpoint.go_on_at(step, place, now)
    return any(place is not None for _, place in places)


def _may_go_on(run: SyncRun, problems: Problems) -> bool:
    """Return whether older windows may be read: what is newer is verified, or has to wait long."""
    if problems:
        return all(isinstance(one, errors.Rejected | errors.Refused) for one in problems.values())
    return not run.steps.filter(is_older=False, our_count=None).exists()


@dataclass(frozen=True)
class _Part:
    """The windows of a run that are read together, but for the kinds `without`."""

    run: SyncRun
    is_older: bool
    without: frozenset[str]

    def open_steps(self, without: Collection[str]) -> QuerySet[SyncStep]:
        """Return what is not read to its end; the newest window first."""
        steps = self.run.steps.filter(is_older=self.is_older, done_at=None)
        steps = steps.exclude(resource__in={*self.without, *without})
        return steps.order_by("-date_to", "pk") if self.is_older else steps.order_by("pk")


def _read_part(puller: pager.Puller, part: _Part, turn: _Turn) -> Problems | None:
    """Read one part; return what it met, or None where the turn is over before its end."""
    clock = turn.clock
    problems = _begin(puller, part, clock)
    begun_again: set[str] = set()
    rejected: Problems = {}
    while (step := _begun(part, without=rejected)) is not None:
        try:
            if not _read_pages(puller, step, turn):
                return None
        except errors.Rejected as error:
            # It was listed when it was begun, so it has grown meanwhile: it is begun again, in
            # parts where that helps. Once a turn, since it need not help.
            if error.is_about_filter or step.resource in begun_again:
                rejected[step.resource] = error
                continue
            begun_again.add(step.resource)
            _forget_reading(step, clock())
            problems = _begin(puller, part, clock)
        else:
            step.done_at = clock()
            step.save(update_fields=["done_at"])
    return problems | rejected


def _begun(part: _Part, without: Collection[str]) -> SyncStep | None:
    return part.open_steps(without).filter(next_page__gt=1).first()


def _forget_reading(step: SyncStep, now: datetime) -> None:
    """Let a step that was begun be read anew."""
    with transaction.atomic():
        step_checkpoint.renew_lease(step.run, now)
        SyncStep.objects.filter(pk=step.pk).update(**step_checkpoint.from_the_start())
        step.pages.all().delete()


def _begin(puller: pager.Puller, part: _Part, clock: leases.Clock) -> Problems:
    """Store the first page of every list that has none; return the first error of each kind."""
    problems: Problems = {}
    while steps := _not_begun(part, problems.keys(), clock):
        by_listing = {date_windows.of_step(step).listing: step for step in steps}
        wanted = (one for one, step in by_listing.items() if step.resource not in problems)
        sized = ((one, by_listing[one].page_size) for one in wanted)
        with contextlib.closing(puller.first_pages(sized)) as pages:
            for listing, arriving in pages:
                step = by_listing[listing]
                try:
                    page = _first_page_or_none(puller, step, arriving, clock)
                except page_sizes.WalkMoved as moved:
                    step_checkpoint.resize_after(step, moved, clock())
                except errors.XeroError as error:
                    problems.setdefault(step.resource, error)
                    step_checkpoint.resize_after(step, error, clock())
                else:
                    _store_or_cut(puller, step, page, clock())
    return problems


def _store_or_cut(
    puller: pager.Puller, step: SyncStep, page: responses.Page, now: datetime
) -> None:
    """Store a first page, or cut by age the step that it shows to be long."""
    count = page.item_count or 0
    if not newest_first.is_worth_it(step, count=count, is_stored=False) or not step_cuts.cut(
        step, now
    ):
        step_checkpoint.store_page(puller.session, step, 1, page, now)


def _not_begun(part: _Part, without: Collection[str], clock: leases.Clock) -> list[SyncStep]:
    """Return the steps without a first page, cut where much is stored of what they list."""
    while True:
        # What is cut by age while one looks belongs to another part.
        steps = list(part.open_steps(without).filter(next_page=1))
        if not [
            step for step in steps if step_cuts.is_large(step) and step_cuts.cut(step, clock())
        ]:
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
        return _arrived(puller, step, arriving)
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
        return _arrived(puller, step, arriving)
    except errors.Rejected as error:
        if error.is_about_filter:
            raise
        rejected = error
    window = date_windows.of_step(step)
    for cuts in range(1, date_windows.MOST_CUTS + 1):
        if not window.days:
            break
        window = (newest_first.parts_of(step, window) or window.halves())[0]
        try:
            page = list_queries.fetch(
                puller.session, window.listing, page=1, page_size=step.page_size
            )
        except errors.Rejected as error:
            rejected = error
        else:
            with transaction.atomic():
                for _ in range(cuts):
                    step_cuts.cut(step, clock())
            return page
    raise rejected


def _arrived(
    puller: pager.Puller, step: SyncStep, arriving: Future[responses.Page]
) -> responses.Page:
    """Return a first page; where Xero cannot give its one row, one that stands for it.

    :raises page_sizes.RowNotGiven: it cannot give one of its rows.
    """
    try:
        return arriving.result()
    except errors.XeroError as error:
        if not step.run.attempts:
            raise
        return puller.around((date_windows.of_step(step).listing, step.page_size, 1), error)


def _read_pages(puller: pager.Puller, step: SyncStep, turn: _Turn) -> bool:
    """Store a step's pages; return False when the turn is over before the last.

    A step that moved is not at its end: it goes on in pages of another size, or was put back to the
    start.
    """
    while not _is_at_end(step):
        try:
            is_over = _read_on(puller, step, turn)
        except (errors.TimedOut, page_sizes.WalkMoved) as error:
            step_checkpoint.resize_after(step, error, turn.clock())
            if isinstance(error, errors.TimedOut):
                raise
            is_over = step.next_page == 1
        if is_over:
            return False
        if step.page_count is None:
            return True
    return True


def _read_on(puller: pager.Puller, step: SyncStep, turn: _Turn) -> bool:
    """Store pages of one size to the last; return whether the turn is over before it."""
    _expect_next(puller, step)
    is_at_end = False
    pages = puller.walk(
        date_windows.of_step(step).listing,
        first_page=step.next_page,
        page_size=step.page_size,
        page_count=step.page_count,
        item_count=step.item_count,
        has_failed=step.run.attempts > 0,
        is_over=turn.is_over,
    )
    for pages_read, (number, page) in enumerate(pages, 1):
        step_checkpoint.store_page(puller.session, step, number, page, turn.clock())
        turn.has_read, is_at_end = True, _is_at_end(step) or not page.elements
        if worker_stop.is_asked() and not is_at_end:
            pages.close()
            return True
        if place := page_sizes.larger(step, page, pages_read=pages_read):
            pages.close()
            step_checkpoint.go_on_at(step, place, turn.clock())
            return turn.is_over()
    return turn.is_over() and not is_at_end


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
