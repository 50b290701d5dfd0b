"""A sync run as programs read it: its state, its progress, its pace and its proof.

Amounts are decimal strings, instants ISO 8601 in UTC. Values are passed on as they are: a field of
a type of its own would write instants in the portal's time zone.
"""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from invoices import amounts
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import run_progress, run_status
from xero_sync.runs.run_progress import KindProgress, Progress


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


def run_as_json(run: SyncRun, *, now: datetime) -> dict[str, Any]:
    """Return a run with its progress and proof as it is now."""
    progress = run_progress.progress_of(run, now=now)
    return {
        **RunOfApi(run, context={"now": now}).data,
        **ProgressOfRun(progress, context={"run": run}).data,
    }
