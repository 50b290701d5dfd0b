"""What is worth telling aloud of a run that a page shows: each quarter read, a pause, the end.

An open page keeps the milestones that it has told and sends them with its next question, so that
nobody hears the same twice.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from xero_sync.models import ENDED_RUNS, RunState, RunWhat, SyncRun
from xero_sync.runs import learner_progress, run_progress, run_status, run_titles

_QUARTER = 25
# How often an open page is given a new estimate of the time left.
_ESTIMATED_EVERY = 5
_MOST_TOLD = 50


def of_runs(runs: Iterable[SyncRun]) -> dict[int, str]:
    """Return the last milestone of each run."""
    return {run.pk: _of_run(run) for run in runs}


def as_text(milestones: Mapping[int, str]) -> str:
    """Return milestones as an address carries them."""
    return ",".join(f"{pk}:{name}" for pk, name in milestones.items())


def from_text(text: str) -> dict[int, str]:
    """Return what an address carries; whatever does not look like it is ignored."""
    parts = (part.partition(":") for part in text.split(",")[:_MOST_TOLD])
    return {int(pk): name for pk, _, name in parts if pk.isdecimal() and len(pk) < 19}


def news_of(runs: Sequence[SyncRun], told: Mapping[int, str]) -> list[SyncRun]:
    """Return the runs of a page that have reached a milestone since, among those it told of."""
    return [run for run in runs if run.pk in told and told[run.pk] != _of_run(run)]


def sentence_of(run: SyncRun) -> str:
    """Return the last milestone of a run in a sentence."""
    title, state = run_titles.title_of(run), RunState(run.state)
    if state == RunState.RUNNING and run.what == RunWhat.DOCUMENTS:
        return f"{title}: {_percent(run)} per cent read."
    if state in ENDED_RUNS or state == RunState.PAUSED:
        reason = f" {run.reason}." if run.reason else ""
        return f"{title}: {state.label.lower()}.{reason}"
    return f"{title}: {state.label.lower()}."


def token_of(runs: Sequence[SyncRun], *, now: datetime) -> str:
    """Return what changes whenever a page shows something else of these runs."""
    parts = [_shown_of(run, now=now) for run in runs]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _of_run(run: SyncRun) -> str:
    is_read = run.state == RunState.RUNNING and run.what == RunWhat.DOCUMENTS
    return f"{run.state}-{_percent(run)}" if is_read else run.state


def _percent(run: SyncRun) -> int:
    return run_progress.progress_of(run).percent // _QUARTER * _QUARTER


def _shown_of(run: SyncRun, *, now: datetime) -> tuple[object, ...]:
    lines = run.lines.all()
    shown = (
        run.pk,
        run.state,
        run.reason,
        run.heard_at,
        run.finished_at,
        run.not_before,
        run.unmatched_count,
        max((line.pk for line in lines), default=0),
    )
    if not run.is_open:
        return shown
    steps = tuple((step.read_count, step.item_count, step.our_count) for step in run.steps.all())
    estimated = int(now.timestamp()) // _ESTIMATED_EVERY if run.state == RunState.RUNNING else 0
    return (
        *shown,
        steps,
        estimated,
        run_status.has_stalled(run, now=now),
        run_status.can_go_on(run),
        learner_progress.progress_of(run),
    )
