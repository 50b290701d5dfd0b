"""A sync run as programs read it: its state, its progress, its pace and its proof.

Amounts are decimal strings, instants ISO 8601 in UTC. Values are passed on as they are: a field of
a type of its own would write instants in the portal's time zone.
"""

from datetime import datetime
from typing import Any

from django.urls import reverse
from rest_framework import serializers

from invoices import amounts
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import learner_progress, run_progress, run_status
from xero_sync.runs.learner_progress import LearnerProgress, Named
from xero_sync.runs.run_progress import KindProgress, Progress

# As many as a program gets at once; the page names ten.
MOST_NAMED = 1000


class KindOfRun(serializers.Serializer[KindProgress]):
    """How far one kind of documents is, and Xero's count and sums held against ours."""

    kind = serializers.ReadOnlyField(source="label")
    stage = serializers.ReadOnlyField()
    read = serializers.ReadOnlyField()
    total = serializers.ReadOnlyField()
    in_xero = serializers.ReadOnlyField(source="xero_count")
    here = serializers.ReadOnlyField(source="our_count")
    set_aside = serializers.ReadOnlyField(source="quarantined")
    sums = serializers.SerializerMethodField()
    differences = serializers.ReadOnlyField()

    def get_sums(self, kind: KindProgress) -> list[dict[str, str]]:
        """Return what was read and what is stored of each currency."""
        return [
            {
                "currency": currency,
                "read": amounts.plain(both.read),
                "stored": amounts.plain(both.stored),
            }
            for currency, both in kind.totals.items()
        ]


class ProgressOfRun(serializers.Serializer[Progress]):
    """How far a run is in documents, its pace and the time left."""

    read = serializers.ReadOnlyField()
    total = serializers.ReadOnlyField()
    new = serializers.ReadOnlyField()
    changed = serializers.ReadOnlyField()
    unchanged = serializers.ReadOnlyField()
    set_aside = serializers.ReadOnlyField(source="quarantined")
    without_learner = serializers.SerializerMethodField()
    per_second = serializers.SerializerMethodField()
    seconds_left = serializers.SerializerMethodField()
    kinds = KindOfRun(many=True)

    def get_without_learner(self, _: Progress) -> int | None:
        """Return how many documents belong to no learner; null before that was counted."""
        run: SyncRun = self.context["run"]
        return run.unmatched_count

    def get_per_second(self, progress: Progress) -> float | None:
        """Return the pace; null where it does not read at the moment."""
        return round(progress.per_second, 1) if progress.per_second else None

    def get_seconds_left(self, progress: Progress) -> float | None:
        """Return the time left; null where it is not known."""
        return progress.left.total_seconds() if progress.left else None


class RunOfApi(serializers.Serializer[SyncRun]):
    """A run but for its progress; `context["now"]` is the moment that it is shown at."""

    id = serializers.ReadOnlyField()
    what = serializers.ReadOnlyField()
    date_from = serializers.ReadOnlyField()
    date_to = serializers.ReadOnlyField()
    # Null but for a run of what changed.
    changed_from = serializers.ReadOnlyField()
    changed_to = serializers.ReadOnlyField()
    state = serializers.SerializerMethodField()
    reason = serializers.ReadOnlyField()
    stalled = serializers.SerializerMethodField()
    requested_at = serializers.ReadOnlyField()
    started_at = serializers.ReadOnlyField()
    paused_until = serializers.SerializerMethodField()
    finished_at = serializers.ReadOnlyField()

    def get_state(self, run: SyncRun) -> str:
        """Return the state, with a word for a run that nobody works on."""
        return "STALLED" if self.get_stalled(run) else run.state

    def get_stalled(self, run: SyncRun) -> bool:
        """Return whether it should go on but nobody works on it."""
        return run_status.has_stalled(run, now=self.context["now"])

    def get_paused_until(self, run: SyncRun) -> datetime | None:
        """Return when it goes on; null where it is not paused."""
        return run.not_before if run.state == RunState.PAUSED else None


class NamedLearner(serializers.Serializer[Named]):
    """A learner who is not in Xero as they are here."""

    learner_number = serializers.ReadOnlyField(source="number")
    name = serializers.ReadOnlyField()
    outcome = serializers.ReadOnlyField(source="outcome.value")
    why = serializers.ReadOnlyField()
    url = serializers.SerializerMethodField()

    def get_url(self, named: Named) -> str:
        """Return the address of the learner's page."""
        return reverse("learner", args=[named.learner_id])


class LearnersOfRun(serializers.Serializer[LearnerProgress]):
    """How many learners a run has chosen, how they stand, and who is not in Xero as they are."""

    chosen = serializers.ReadOnlyField()
    in_xero = serializers.ReadOnlyField()
    different = serializers.ReadOnlyField(source="differing")
    refused = serializers.ReadOnlyField()
    waiting_for_an_answer = serializers.ReadOnlyField(source="asked")
    being_checked = serializers.ReadOnlyField(source="unchecked")
    on_the_way = serializers.ReadOnlyField(source="waiting")
    not_ticked = serializers.ReadOnlyField()
    named = serializers.SerializerMethodField()

    def get_named(self, progress: LearnerProgress) -> list[Any]:
        """Return them by name, to those who may see learners."""
        if not self.context["may_name"]:
            return []
        named = learner_progress.named_of(self.context["run"], most=MOST_NAMED)
        return [NamedLearner(one).data for one in named]


def run_as_json(run: SyncRun, *, now: datetime, may_name: bool) -> dict[str, Any]:
    """Return a run with its progress and proof as it is now.

    :param may_name: whether learners may be told by name.
    """
    progress = run_progress.progress_of(run, now=now)
    learners = learner_progress.progress_of(run)
    of_learners = {"run": run, "may_name": may_name}
    return {
        **RunOfApi(run, context={"now": now}).data,
        **ProgressOfRun(progress, context={"run": run}).data,
        "learners": LearnersOfRun(learners, context=of_learners).data if learners else None,
    }
