"""How far runs have come, for pages, the API and the command."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models

from connected_apps.models import Organisation
from lrm.models import Portal
from xero_sync.models import SyncRun, SyncStep
from xero_sync.resources import Resource
from xero_sync.runs import run_pace
from xero_sync.store import currency_totals


class Stage(models.TextChoices):
    """How far one kind of a run has come."""

    WAITING = "WAITING", "Waiting"
    READING = "READING", "Reading"
    READ = "READ", "Read"
    COMPLETE = "COMPLETE", "Complete"
    DIFFERS = "DIFFERS", "Differs"


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
    """How far a run has come, in documents; `total` is None until Xero has told."""

    read: int
    total: int | None
    new: int
    changed: int
    unchanged: int
    quarantined: int
    per_second: float | None
    left: timedelta | None
    kinds: list[KindProgress]

    @property
    def percent(self) -> int:
        """Whole per cent of the documents read, 0 while the total is not known."""
        if self.total is None:
            return 0
        return 100 if self.total == 0 else min(100, self.read * 100 // self.total)


def progress_of(run: SyncRun, *, now: datetime | None = None) -> Progress:
    """Return how far the run has come; with `now`, also its rate and the time left as it reads."""
    steps = list(run.steps.all())
    counts = [step.item_count for step in steps if step.item_count is not None]
    read = sum(step.read_count for step in steps)
    total = sum(counts) if steps and len(counts) == len(steps) else None
    rate = run_pace.rate(run, read, now=now) if now else None
    left = timedelta(seconds=(total - read) / rate) if rate and total and total > read else None
    return Progress(
        read=read,
        total=total,
        new=sum(step.new_count for step in steps),
        changed=sum(step.changed_count for step in steps),
        unchanged=sum(step.unchanged_count for step in steps),
        quarantined=sum(step.quarantined_count for step in steps),
        per_second=rate,
        left=left,
        kinds=_kinds(steps),
    )


def latest(*, portal: Portal, organisation: Organisation | None, limit: int = 10) -> list[SyncRun]:
    """Return the newest runs of the portal's organisation."""
    return list(
        SyncRun.objects.filter(portal=portal, organisation=organisation)
        .select_related("requested_by")
        .prefetch_related("steps", "lines")
        .order_by("-requested_at", "-id")[:limit]
    )


def _kinds(steps: list[SyncStep]) -> list[KindProgress]:
    """Put the windows of each kind together."""
    by_kind: dict[str, list[SyncStep]] = {}
    for step in steps:
        by_kind.setdefault(step.resource, []).append(step)
    return [_kind(Resource(kind).label, windows) for kind, windows in by_kind.items()]


def _kind(label: str, windows: list[SyncStep]) -> KindProgress:
    totals = currency_totals.together(*(currency_totals.from_json(step.totals) for step in windows))
    return KindProgress(
        label=label,
        stage=_stage(windows, totals),
        read=sum(step.read_count for step in windows),
        total=_sum([step.item_count for step in windows]),
        xero_count=_sum([step.xero_count for step in windows]),
        our_count=_sum([step.our_count for step in windows]),
        quarantined=sum(step.quarantined_count for step in windows),
        totals=totals,
        differences=[words for step in windows for words in step.differences],
    )


def _stage(windows: list[SyncStep], totals: currency_totals.Totals) -> Stage:
    """Complete means that every document is stored here as it is in Xero, to the cent."""
    if all(step.our_count is not None for step in windows):
        is_complete = currency_totals.agree(totals) and all(
            step.xero_count == step.our_count
            and not step.quarantined_count
            and not step.differences
            for step in windows
        )
        return Stage.COMPLETE if is_complete else Stage.DIFFERS
    if all(_is_read(step) for step in windows):
        return Stage.READ
    return Stage.READING if any(step.next_page > 1 for step in windows) else Stage.WAITING


def _is_read(step: SyncStep) -> bool:
    return bool(step.done_at) or (step.page_count is not None and step.next_page > step.page_count)


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
