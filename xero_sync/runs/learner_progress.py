"""How the learners of a run stand, for its worker, pages, the API and the command.

While the run is open each learner's outcome follows from its push and from what was read back; when
the run ends it is kept, so that a later change of a learner does not change what was proved.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from xero_sync.contacts import obstacles
from xero_sync.models import LearnerOutcome, PushState, RunLearner, RunWhat, SyncRun

MOST_NAMED = 10
_NAMED = (LearnerOutcome.REFUSED, LearnerOutcome.QUESTION, LearnerOutcome.DIFFERS)
_WAITING, _DONE = Value(LearnerOutcome.WAITING.value), Q(learner__contact_push__state="DONE")
_IS_CHECKED = _DONE & Q(checked_version=F("learner__contact_push__version"))
# Read from top to bottom.
_STANDING = Case(
    When(~Q(outcome=""), then=F("outcome")),
    When(learner__sync_to_xero=False, then=Value(LearnerOutcome.NOT_TICKED.value)),
    When(
        Q(learner__contact_push=None) | Q(learner__contact_push__state__in=obstacles.OPEN),
        then=_WAITING,
    ),
    When(
        learner__contact_push__state=PushState.QUESTION,
        then=Value(LearnerOutcome.QUESTION.value),
    ),
    When(
        learner__contact_push__state=PushState.REFUSED,
        then=Value(LearnerOutcome.REFUSED.value),
    ),
    When(_IS_CHECKED & Q(problem=""), then=Value(LearnerOutcome.IN_XERO.value)),
    When(_IS_CHECKED, then=Value(LearnerOutcome.DIFFERS.value)),
    default=Value(LearnerOutcome.UNCHECKED.value),
    output_field=CharField(),
)


@dataclass(frozen=True)
class Named:
    """A learner who is not in Xero as they are here, and why."""

    learner_id: int
    number: str
    name: str
    outcome: LearnerOutcome
    why: str


@dataclass(frozen=True)
class LearnerProgress:
    """How many learners a run has chosen, and how they stand; None before it has chosen."""

    chosen: int | None
    in_xero: int = 0
    differing: int = 0
    refused: int = 0
    asked: int = 0
    unchecked: int = 0
    waiting: int = 0
    not_ticked: int = 0

    @property
    def settled(self) -> int:
        """Those of whom it is known what became of them."""
        return (self.chosen or 0) - self.waiting - self.unchecked

    @property
    def percent(self) -> int:
        """Whole per cent of the learners settled, 0 before any are chosen."""
        if self.chosen is None:
            return 0
        return 100 if self.chosen == 0 else self.settled * 100 // self.chosen

    @property
    def has_problems(self) -> bool:
        """Whether somebody has to look at one of them."""
        return bool(self.differing or self.refused or self.asked)


def standing(run: SyncRun) -> QuerySet[Any]:
    """Return the learners of a run, each with how it stands now as `standing`."""
    return run.learners.annotate(standing=_STANDING)


def progress_of(run: SyncRun) -> LearnerProgress | None:
    """Return how the learners of a run stand; None for a run of documents."""
    if run.what != RunWhat.LEARNERS:
        return None
    rows = standing(run).order_by().values_list("standing").annotate(count=Count("pk"))
    counts = dict(rows)
    if run.learner_count is None and not counts:
        return LearnerProgress(chosen=None)
    return LearnerProgress(
        chosen=sum(counts.values()),
        in_xero=counts.get(LearnerOutcome.IN_XERO, 0),
        differing=counts.get(LearnerOutcome.DIFFERS, 0),
        refused=counts.get(LearnerOutcome.REFUSED, 0),
        asked=counts.get(LearnerOutcome.QUESTION, 0),
        unchecked=counts.get(LearnerOutcome.UNCHECKED, 0),
        waiting=counts.get(LearnerOutcome.WAITING, 0),
        not_ticked=counts.get(LearnerOutcome.NOT_TICKED, 0),
    )


def named_of(run: SyncRun, *, most: int = MOST_NAMED) -> list[Named]:
    """Return learners who are not in Xero as they are here, those that Xero refused first."""
    rows = standing(run).filter(standing__in=_NAMED).select_related("learner__contact_push")
    order = Case(*(When(standing=one, then=Value(at)) for at, one in enumerate(_NAMED)))
    return [
        Named(
            learner_id=row.learner_id,
            number=row.learner.number,
            name=row.learner.full_name,
            outcome=LearnerOutcome(row.standing),
            why=_why(row, LearnerOutcome(row.standing)),
        )
        for row in rows.order_by(order, "learner__number", "pk")[:most]
    ]


def _why(row: RunLearner, outcome: LearnerOutcome) -> str:
    if outcome is LearnerOutcome.REFUSED and not row.outcome:
        return str(row.learner.contact_push.problem)
    if outcome is LearnerOutcome.QUESTION:
        return "A contact in Xero may be this learner. The question is on the learner's page."
    return row.problem
