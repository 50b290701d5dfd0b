"""How far runs have come and how fast they read, for pages, the API and the command.

The pace is documents a second since the run last began to read after a long wait. Waits of seconds,
for the limit of calls a minute or for a free worker, come again and again and are part of the pace.
A night's pause or a cancellation tells nothing of how long the rest will take.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models

from connected_apps.models import Organisation
from lrm.models import Portal
from xero_sync.models import ENDED_RUNS, RunState, SyncRun, SyncStep
from xero_sync.resources import Resource
from xero_sync.runs import comparison, newest_first
from xero_sync.store import currency_totals

# Longer than Xero's minute, for which a run waits at most.
_LONG_WAIT = timedelta(minutes=2)


class Stage(models.TextChoices):
    """How far one kind of a run has come."""

    WAITING = "WAITING", "Waiting"
    READING = "READING", "Reading"
    READ = "READ", "Read"
    COMPLETE = "COMPLETE", "Complete"
    DIFFERS = "DIFFERS", "Differs"


class Part(models.TextChoices):
    """What the figures of a run speak of; one that was not cut by age is always whole."""

    WHOLE = "whole", ""
    NEWEST = "newest", "of the last twelve months"
    OLDER = "older", "in all, the last twelve months of them checked"


@dataclass(frozen=True)
class KindProgress:
    """One kind of documents of a run: how much is read, what Xero counts, what is stored here.

    Counts are None before they are known; `total` is how many there are to read.
    """

    label: str
    stage: Stage
    read: int
    total: int | None
    xero_count: int | None
    our_count: int | None
    quarantined: int
    totals: currency_totals.Totals
    differences: list[str]


@dataclass(frozen=True)
class Progress:
    """How far a run has come, in documents; `total` is None until Xero has told.

    While the newest of a run are read first, `total` and the kinds are of those alone.
    """

    read: int
    total: int | None
    new: int
    changed: int
    unchanged: int
    quarantined: int
    per_second: float | None
    left: timedelta | None
    kinds: list[KindProgress]
    part: Part = Part.WHOLE

    @property
    def percent(self) -> int:
        """Whole per cent of the documents read, 0 while the total is not known."""
        if self.total is None:
            return 0
        return 100 if self.total == 0 else min(100, self.read * 100 // self.total)


def progress_of(run: SyncRun, *, now: datetime | None = None) -> Progress:
    """Return how far the run has come; with `now`, also its pace and the time left as it reads."""
    steps = list(run.steps.all())
    part = _part_of(run, steps)
    if part == Part.NEWEST:
        steps = [step for step in steps if not step.is_older]
    read = sum(step.read_count for step in steps)
    total = comparison.sum_if_known([step.item_count for step in steps]) if steps else None
    pace = _pace_of(run, read, now=now) if now else None
    left = timedelta(seconds=(total - read) / pace) if pace and total and total > read else None
    return Progress(
        read=read,
        total=total,
        new=sum(step.new_count for step in steps),
        changed=sum(step.changed_count for step in steps),
        unchanged=sum(step.unchanged_count for step in steps),
        quarantined=sum(step.quarantined_count for step in steps),
        per_second=pace,
        left=left,
        kinds=_kinds_of(steps),
        part=part,
    )


def latest(*, portal: Portal, organisation: Organisation | None, limit: int = 10) -> list[SyncRun]:
    """Return the newest runs of the portal's organisation."""
    return list(
        SyncRun.objects.filter(portal=portal, organisation=organisation)
        .select_related("requested_by", "portal")
        .prefetch_related("steps", "lines")
        .order_by("-requested_at", "-id")[:limit]
    )


def restarted_pace(run: SyncRun, *, now: datetime) -> dict[str, Any]:
    """Return the columns of a run that begins to read; nothing where its pace goes on.

    :param run: as it was before. What is read once more counts from nothing.
    """
    heard_at = run.heard_at or run.requested_at
    goes_on = run.state in {RunState.RUNNING, RunState.PAUSED} and now - heard_at <= _LONG_WAIT
    if run.pace_since is not None and goes_on:
        return {}
    read = run.steps.aggregate(read=models.Sum("read_count"))["read"] or 0
    return {"pace_since": now, "read_before_pace": read}


def _pace_of(run: SyncRun, read: int, *, now: datetime) -> float | None:
    """Return documents a second; None where it does not read at the moment, or has only begun."""
    if run.state != RunState.RUNNING or run.pace_since is None:
        return None
    if run.heard_at is not None and now - run.heard_at > _LONG_WAIT:
        return None
    seconds = (now - run.pace_since).total_seconds()
    since = read - run.read_before_pace
    return since / seconds if seconds > 0 and since > 0 else None


def _part_of(run: SyncRun, steps: list[SyncStep]) -> Part:
    """Return which part of a run is under way, or stands still."""
    older = [step for step in steps if step.is_older]
    if not older or run.state in ENDED_RUNS:
        return Part.WHOLE
    if newest_first.newest_is_verified(steps) or any(step.next_page > 1 for step in older):
        return Part.OLDER
    return Part.NEWEST


def _kinds_of(steps: list[SyncStep]) -> list[KindProgress]:
    """Put the windows of each kind together."""
    windows: dict[Resource, list[SyncStep]] = {}
    for step in steps:
        windows.setdefault(Resource(step.resource), []).append(step)
    kinds = []
    for resource, those in windows.items():
        compared = comparison.of_windows(resource, those)
        kinds.append(
            KindProgress(
                label=resource.label,
                stage=_stage_of(those, compared),
                read=sum(step.read_count for step in those),
                total=comparison.sum_if_known([step.item_count for step in those]),
                xero_count=compared.in_xero,
                our_count=compared.stored,
                quarantined=compared.quarantined,
                totals=compared.sums,
                differences=list(compared.named),
            )
        )
    return kinds


def _stage_of(windows: list[SyncStep], compared: comparison.Comparison) -> Stage:
    if all(step.our_count is not None for step in windows):
        return Stage.DIFFERS if compared.differences else Stage.COMPLETE
    if all(_is_read(step) for step in windows):
        return Stage.READ
    return Stage.READING if any(step.next_page > 1 for step in windows) else Stage.WAITING


def _is_read(step: SyncStep) -> bool:
    return bool(step.done_at) or (step.page_count is not None and step.next_page > step.page_count)
