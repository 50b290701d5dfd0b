"""The panel above report #0442: does Xero have just what is listed here, kind by kind and month?

Xero's counts are those of the last verification. The daily count asks for each kind as a whole; a
re-sync asks for its own days, so that a month which was re-synced by itself has a count of its own.
Where a larger verification that holds the month agreed, so did the month.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection

from connected_apps.models import Organisation
from invoices import document_sums
from invoices.document_sums import Wanted
from reports import not_saved
from reports.synced_invoices import Criteria
from xero_sync import resources
from xero_sync.models import (
    ENDED_RUNS,
    OPEN_RUNS,
    Cursor,
    RunWhat,
    SyncRun,
    SyncStep,
)
from xero_sync.resources import Resource
from xero_sync.runs import comparison
from xero_sync.runs.comparison import Comparison, Difference
from xero_sync.status import completeness

# Months that are told apart; earlier ones are in the counts of the kinds.
MOST_MONTHS = 24
_MOST_STEPS = 400
MOST_NAMED = 10
# Counts are taken every day; one that is older than two is said to be.
OLD = timedelta(days=2)
_SERIOUS = {Difference.COUNT, Difference.SUMS, Difference.NAMED}


@dataclass(frozen=True, slots=True)
class OfKind:
    """What the last count of a whole kind said.

    :param here: how many are accounted for: stored, or known and not saved.
    :param stored: how many of these are stored.
    """

    label: str
    in_xero: int | None
    here: int
    stored: int
    counted_at: datetime | None
    # Why it cannot be read at the moment; empty where it can.
    problem: str

    @property
    def agrees(self) -> bool | None:
        """Whether the counts agree; None where Xero was not asked yet."""
        return None if self.in_xero is None else self.in_xero == self.here


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind in one month: how many are here, and in Xero where that was asked for by itself."""

    here: int
    in_xero: int | None
    agrees: bool | None
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonthLine:
    """One month of the panel."""

    first: date
    cells: tuple[Cell, ...]
    is_being_read: bool

    @property
    def agrees(self) -> bool | None:
        """Whether all kinds agree: False where one differs, None where one is not checked."""
        states = {cell.agrees for cell in self.cells}
        return False if False in states else None if None in states else True

    @property
    def said(self) -> list[str]:
        """What differs, in words."""
        return list(dict.fromkeys(words for cell in self.cells for words in cell.said))

    @property
    def key(self) -> str:
        """The month in an address."""
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Panel:
    """The whole panel."""

    kinds: tuple[OfKind, ...]
    months: tuple[MonthLine, ...]
    not_saved: tuple[not_saved.NotSaved, ...]
    not_saved_count: int
    is_old: bool
    now: datetime
    differing: list[str] = field(default_factory=list)

    @property
    def in_xero(self) -> int | None:
        """How many documents Xero counted, of all kinds and dates."""
        return comparison.sum_if_known([kind.in_xero for kind in self.kinds])

    @property
    def here(self) -> int:
        """How many of them are accounted for here."""
        return sum(kind.here for kind in self.kinds)

    @property
    def stored(self) -> int:
        """How many of them are stored here."""
        return sum(kind.stored for kind in self.kinds)

    @property
    def counted_at(self) -> datetime | None:
        """When the oldest of the counts was taken."""
        return min((kind.counted_at for kind in self.kinds if kind.counted_at), default=None)

    @property
    def agrees(self) -> bool | None:
        """Whether Xero and the LRM agree on all of it; None where not all was counted."""
        states = {
            *(kind.agrees for kind in self.kinds),
            *(line.agrees for line in self.months if line.agrees is False),
        }
        return False if False in states else None if None in states else True


def panel_of(criteria: Criteria, *, now: datetime) -> Panel:
    """Return the panel for the dates of the report; a fixed number of queries."""
    organisation = criteria.organisation
    found = Cursor.objects.filter(organisation=organisation, resource__in=resources.DOCUMENTS)
    cursors = {Resource(cursor.resource): cursor for cursor in found}
    first = _first_sync(organisation)
    kinds = tuple(
        _of_kind(resource, cursors.get(resource), first) for resource in resources.DOCUMENTS
    )
    standing = completeness.standing_runs(organisation)
    counted = [kind.counted_at for kind in kinds if kind.counted_at]
    names = not_saved.not_saved_of(organisation)
    return Panel(
        kinds=kinds,
        months=_months(criteria, kinds, standing),
        not_saved=tuple(names[:MOST_NAMED]),
        not_saved_count=len(names),
        is_old=bool(counted) and min(counted) < now - OLD,
        now=now,
        differing=[run.reason for run in standing if run.reason],
    )


def _of_kind(resource: Resource, cursor: Cursor | None, first: SyncRun | None) -> OfKind:
    label, problem = str(resource.label), cursor.problem if cursor else ""
    if cursor is not None and cursor.counted_at is not None:
        here, stored = cursor.count_here or 0, cursor.count_stored
        return OfKind(label, cursor.count_in_xero, here, stored, cursor.counted_at, problem)
    if first is None:
        return OfKind(label, None, 0, 0, None, problem)
    # Its proof is there hours before the first daily count.
    steps = [step for step in first.steps.all() if step.resource == resource]
    compared = comparison.of_windows(resource, steps)
    stored = compared.stored or 0
    here = stored + compared.missing
    return OfKind(label, compared.in_xero, here, stored, first.finished_at, problem)


def _first_sync(organisation: Organisation) -> SyncRun | None:
    ended = SyncRun.objects.filter(organisation=organisation, is_first=True, state__in=ENDED_RUNS)
    return ended.prefetch_related("steps").order_by("-finished_at").first()


def _months(
    criteria: Criteria, kinds: Iterable[OfKind], standing: list[SyncRun]
) -> tuple[MonthLine, ...]:
    counts = _counts(criteria)
    months = sorted({month for month, _ in counts}, reverse=True)[:MOST_MONTHS]
    steps = _steps(criteria.organisation)
    open_runs = list(
        SyncRun.objects.filter(
            organisation=criteria.organisation, what=RunWhat.DOCUMENTS, state__in=OPEN_RUNS
        )
    )
    whole = {kind.label: kind for kind in kinds}
    return tuple(
        MonthLine(
            month,
            tuple(
                _cell(resource, month, counts, whole[str(resource.label)], steps, standing)
                for resource in resources.DOCUMENTS
            ),
            any(run.date_from <= month_end(month) and month <= run.date_to for run in open_runs),
        )
        for month in months
    )


def _cell(
    resource: Resource,
    month: date,
    counts: dict[tuple[date, str], int],
    whole: OfKind,
    steps: dict[Resource, list[SyncStep]],
    standing: list[SyncRun],
) -> Cell:
    kind = resources.of(resource).kind
    here = counts.get((month, str(kind)), 0)
    last = month_end(month)
    holding = [step for step in steps[resource] if step.date_from <= month and last <= step.date_to]
    own = next((s for s in holding if (s.date_from, s.date_to) == (month, last)), None)
    # Xero's number stands beside ours only while ours is the one that it was compared with: not
    # where documents came since, nor where the report holds a part of the month.
    is_theirs = own is not None and own is holding[0] and own.our_count == here
    in_xero = own.xero_count if own is not None and is_theirs else None
    said = _differences(resource, month, last, standing)
    if said:
        return Cell(here, in_xero, False, said)
    agreed = whole.agrees or (bool(holding) and not _serious(comparison.of_step(holding[0])))
    return Cell(here, in_xero, True if agreed else None)


def _serious(compared: Comparison) -> bool:
    return bool(compared.differences & (_SERIOUS | {Difference.NO_COUNT}))


def _differences(
    resource: Resource, first: date, last: date, standing: list[SyncRun]
) -> tuple[str, ...]:
    """Return what a verification of any of these days found that still stands."""
    compared = [
        comparison.of_step(step)
        for run in standing
        for step in run.steps.all()
        if step.resource == resource and step.date_from <= last and first <= step.date_to
    ]
    return tuple(
        words
        for one in compared
        if one.differences & _SERIOUS
        for words in comparison.problems_of(one)
    )


def _counts(criteria: Criteria) -> dict[tuple[date, str], int]:
    """Return how many of each kind are stored, by month of the report's dates."""
    dates = {} if criteria.by_synced else {"from": criteria.date_from, "to": criteria.date_to}
    wanted = Wanted(date_from=dates.get("from"), date_to=dates.get("to"))
    cells = document_sums.kept_cells(criteria.organisation, wanted, today=criteria.today)
    statement = f"""
        SELECT date_trunc('month', date)::date, kind, sum(documents)::bigint
        FROM ({cells.text}) AS cell WHERE date IS NOT NULL GROUP BY 1, 2
    """  # noqa: S608 - put together by `document_sums`
    with connection.cursor() as cursor:
        cursor.execute(statement, cells.parameters)
        return {(month, kind): count for month, kind, count in cursor.fetchall() if count}


def _steps(organisation: Organisation) -> dict[Resource, list[SyncStep]]:
    """Return the steps that were verified, by resource, the newest first.

    Those of a run of what changed hold a few documents of every date, and so prove no month.
    """
    verified = SyncStep.objects.filter(
        run__organisation=organisation,
        run__state__in=ENDED_RUNS,
        run__changed_from=None,
        our_count__isnull=False,
    )
    found: dict[Resource, list[SyncStep]] = {resource: [] for resource in resources.DOCUMENTS}
    for step in verified.order_by("-run__finished_at", "-pk")[:_MOST_STEPS]:
        found.setdefault(Resource(step.resource), []).append(step)
    return found


def month_end(first: date) -> date:
    """Return the last day of the month that begins with a day."""
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])
