"""When completeness was last proved, and what differs: for the card and the operator's command.

Two things prove it. The daily count holds how many documents Xero counts of each kind against how
many are here; a run holds the counts of its days, and the sums of what it read. What either found
stands until a later proof of the same finds it gone.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from connected_apps.card import facts
from connected_apps.models import Organisation
from xero_sync.models import ENDED_RUNS, OPEN_RUNS, Cursor, RunState, RunWhat, SyncRun, SyncStep
from xero_sync.resources import Resource
from xero_sync.runs import run_titles
from xero_sync.runs.run_requests import DOCUMENTS
from xero_sync.store import currency_totals

_MOST_NAMED = 3
_BEING_READ = "What differs is being read again now, by itself"
_READ_SINCE = "The days that differed were read again since and are complete"
_COUNTED_AGAIN = "It is counted again every day"
_WAIT = "What differs from Xero is being read again by itself; Re-syncs shows how far it is."
_LOOK = (
    "Not everything here is as it is in Xero; the Xero card says what differs. Mend it in Xero "
    "where it is wrong there, then re-sync its days. Everything is counted again every day."
)


@dataclass(frozen=True)
class _Count:
    """How many documents of a kind Xero counted, None where it did not tell, and are here."""

    label: str
    in_xero: int | None
    here: int

    @property
    def differs(self) -> bool:
        return self.in_xero is not None and self.in_xero != self.here

    @property
    def words(self) -> str:
        if self.in_xero is None:
            return f"Xero gave no count of {self.label}"
        more = self.here - self.in_xero
        verb = "is" if abs(more) == 1 else "are"
        if more < 0:
            return f"{-more:,} of the {self.label} {verb} missing here"
        return f"{more:,} more of the {self.label} {verb} here than in Xero"


def facts_of(organisation: Organisation) -> list[facts.Fact]:
    """Return when Xero's counts were last held against ours, and what differs since."""
    cursors = {
        cursor.resource: cursor
        for cursor in Cursor.objects.filter(organisation=organisation, resource__in=DOCUMENTS)
    }
    standing = _standing(organisation, cursors)
    return [
        _counted(organisation, cursors, bool(standing)),
        *(
            facts.Fact(
                "Differs",
                f"{run_titles.title_of(run)}: {run.reason}",
                run.finished_at,
                next_step=_LOOK,
            )
            for run in standing[:_MOST_NAMED]
        ),
    ]


def _counted(organisation: Organisation, cursors: dict[str, Cursor], stands: bool) -> facts.Fact:
    moments = [cursor.counted_at for cursor in cursors.values() if cursor.counted_at]
    if not cursors or len(moments) < len(cursors):
        return _of_first_sync(organisation)
    counts = [
        _Count(Resource(kind).label.lower(), cursor.count_in_xero, cursor.count_here or 0)
        for kind, cursor in cursors.items()
    ]
    words = _in_words(counts)
    if not any(count.differs for count in counts):
        return facts.Fact("Counted", words, min(moments))
    after = min(
        cursor.counted_at
        for cursor in cursors.values()
        if cursor.counted_at and cursor.count_in_xero not in (None, cursor.count_here)
    )
    then, step = _what_next(organisation, after, stands)
    return facts.Fact("Counted", f"{words}. {then}", min(moments), next_step=step)


def _of_first_sync(organisation: Organisation) -> facts.Fact:
    """Return the proof of the first sync, which is there hours before the first daily count."""
    first = SyncRun.objects.filter(
        organisation=organisation, is_first=True, state__in=ENDED_RUNS
    ).first()
    if first is None:
        return facts.Fact("Counted", "Not yet")
    steps = list(first.steps.all())
    counts = [
        _Count(
            Resource(kind).label.lower(),
            _sum_of_xero([step for step in steps if step.resource == kind]),
            sum(
                (step.our_count or 0) + step.missing_count
                for step in steps
                if step.resource == kind
            ),
        )
        for kind in DOCUMENTS
    ]
    return facts.Fact("Counted", _in_words(counts), first.finished_at)


def _sum_of_xero(steps: list[SyncStep]) -> int | None:
    known = [step.xero_count for step in steps if step.xero_count is not None]
    return sum(known) if len(known) == len(steps) else None


def _in_words(counts: list[_Count]) -> str:
    """Return "864 documents in Xero, 863 here" and of which kind something is missing."""
    in_xero = sum(count.in_xero or 0 for count in counts)
    here = sum(count.here for count in counts if count.in_xero is not None)
    words = f"{in_xero:,} documents in Xero, {here:,} here"
    odd = [count.words for count in counts if count.differs or count.in_xero is None]
    return f"{words}: {'; '.join(odd)}" if odd else words


def _what_next(organisation: Organisation, after: datetime, stands: bool) -> tuple[str, str]:
    """Return what became of a difference that was counted at a moment, and what people can do."""
    if stands:
        return _COUNTED_AGAIN, _LOOK
    # A run that was open already may have answered for it.
    by_itself = Q(requested_by=None, by_command=False, requested_at__gte=after)
    under_way = Q(requested_at__lte=after) & (Q(finished_at=None) | Q(finished_at__gt=after))
    mending = SyncRun.objects.filter(
        by_itself | under_way, organisation=organisation, what=RunWhat.DOCUMENTS
    )
    states = set(mending.values_list("state", flat=True))
    if states & set(OPEN_RUNS):
        return _BEING_READ, _WAIT
    # One with problems counts too: those that matter would stand.
    if states and states <= set(ENDED_RUNS):
        return _READ_SINCE, ""
    return _COUNTED_AGAIN, _LOOK


def _standing(organisation: Organisation, cursors: dict[str, Cursor]) -> list[SyncRun]:
    """Return the runs that found a difference which nothing has ended, newest first."""
    ended = SyncRun.objects.filter(
        organisation=organisation, what=RunWhat.DOCUMENTS, state__in=ENDED_RUNS
    )
    later = ended.filter(
        finished_at__gt=OuterRef("finished_at"),
        date_from__lte=OuterRef("date_from"),
        date_to__gte=OuterRef("date_to"),
    )
    found = ended.filter(~Exists(later), state=RunState.DONE_WITH_PROBLEMS)
    return [
        run
        for run in found.prefetch_related("steps").order_by("-finished_at", "-id")
        if any(_differs(step, run, cursors.get(step.resource)) for step in run.steps.all())
    ]


def _differs(step: SyncStep, run: SyncRun, cursor: Cursor | None) -> bool:
    """Return whether a step's difference stands; what is only set aside has a state of its own."""
    if not currency_totals.agree(currency_totals.from_json(step.totals)):
        return True
    counts_differ = step.xero_count != (step.our_count or 0) + step.missing_count
    if not counts_differ:
        return bool(step.differences)
    # What a later count of the whole says is newer; where it too differs it asked for a new run.
    counted_at = cursor.counted_at if cursor else None
    return counted_at is None or run.finished_at is None or run.finished_at > counted_at
