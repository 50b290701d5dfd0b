"""A sync run as programs read it: its state, its progress, its pace and its proof.

Amounts are decimal strings, instants ISO 8601 in UTC.
"""

from datetime import datetime
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from invoices import amounts
from lrm.rest.fields import Instant
from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.runs import learner_progress, run_progress, run_status
from xero_sync.runs.learner_progress import LearnerProgress, Named
from xero_sync.runs.run_progress import KindProgress, Part, Progress, Stage

# As many as a program gets at once; the page names ten.
MOST_NAMED = 1000
# For a run that should go on but nobody works on.
STALLED = "STALLED"


class KindOfRun(serializers.Serializer[KindProgress]):
    """How far one kind of documents is, and Xero's count and sums held against ours."""

    kind = serializers.CharField(source="label")
    stage = serializers.ChoiceField(choices=Stage.choices)
    read = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    in_xero = serializers.IntegerField(source="xero_count", allow_null=True)
    here = serializers.IntegerField(source="our_count", allow_null=True)
    set_aside = serializers.IntegerField(source="quarantined")
    sums = serializers.SerializerMethodField(
        help_text="What was read and what is stored of each currency."
    )
    differences = serializers.ListField(child=serializers.CharField())

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

    read = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    # What the figures are of, while the last twelve months are read before what is older.
    part = serializers.ChoiceField(choices=Part.values)
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    set_aside = serializers.IntegerField(source="quarantined")
    without_learner = serializers.SerializerMethodField(
        help_text="How many documents belong to no learner; null before that was counted."
    )
    per_second = serializers.SerializerMethodField(
        help_text="The pace in documents; null where it does not read at the moment."
    )
    seconds_left = serializers.SerializerMethodField(help_text="Null where it is not known.")
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

    id = serializers.IntegerField()
    what = serializers.ChoiceField(choices=RunWhat.choices)
    date_from = serializers.DateField()
    date_to = serializers.DateField()
    # Null but for a run of what changed.
    changed_from = Instant(allow_null=True)
    changed_to = Instant(allow_null=True)
    state = serializers.SerializerMethodField(
        help_text="`STALLED` where it should go on but nobody works on it."
    )
    reason = serializers.CharField()
    stalled = serializers.SerializerMethodField(
        help_text="Whether it should go on but nobody works on it."
    )
    requested_at = Instant()
    started_at = Instant(allow_null=True)
    paused_until = serializers.SerializerMethodField(
        help_text="When it goes on; null where it is not paused."
    )
    finished_at = Instant(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=[*RunState.values, STALLED]))
    def get_state(self, run: SyncRun) -> str:
        """Return the state, with a word for a run that nobody works on."""
        return STALLED if self.get_stalled(run) else run.state

    def get_stalled(self, run: SyncRun) -> bool:
        """Return whether it should go on but nobody works on it."""
        return run_status.has_stalled(run, now=self.context["now"])

    def get_paused_until(self, run: SyncRun) -> datetime | None:
        """Return when it goes on; null where it is not paused."""
        return run.not_before if run.state == RunState.PAUSED else None


class NamedLearner(serializers.Serializer[Named]):
    """A learner who is not in Xero as they are here."""

    learner_number = serializers.CharField(source="number")
    name = serializers.CharField()
    outcome = serializers.CharField(source="outcome.value")
    why = serializers.CharField()
    url = serializers.SerializerMethodField(help_text="The learner's page.")

    def get_url(self, named: Named) -> str:
        """Return the address of the learner's page."""
        return reverse("learner", args=[named.learner_id])


class LearnersOfRun(serializers.Serializer[LearnerProgress]):
    """How many learners a run has chosen, how they stand, and who is not in Xero as they are."""

    chosen = serializers.IntegerField(allow_null=True)
    in_xero = serializers.IntegerField()
    different = serializers.IntegerField(source="differing")
    refused = serializers.IntegerField()
    waiting_for_an_answer = serializers.IntegerField(source="asked")
    being_checked = serializers.IntegerField(source="unchecked")
    on_the_way = serializers.IntegerField(source="waiting")
    not_ticked = serializers.IntegerField()
    named = serializers.SerializerMethodField(
        help_text="Who is not in Xero as they are, by name, to those who may see learners; nobody "
        "in the answer that starts a re-sync."
    )

    @extend_schema_field(NamedLearner(many=True))
    def get_named(self, progress: LearnerProgress) -> list[Any]:
        """Return them by name, to those who may see learners."""
        if not self.context["may_name"]:
            return []
        named = learner_progress.named_of(self.context["run"], most=MOST_NAMED)
        return [NamedLearner(one).data for one in named]


class Run(RunOfApi, ProgressOfRun):
    """A run as it is answered: for the API's description, `run_as_json` puts it together."""

    learners = LearnersOfRun(
        allow_null=True, help_text="Of a run of learners, how they stand; else null."
    )


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
