"""One line on how a run is, for terminals; times are UTC."""

from datetime import UTC, datetime

from xero_sync.models import RunState, SyncRun
from xero_sync.runs import (
    learner_progress,
    learner_titles,
    run_progress,
    run_status,
    run_titles,
)

_STALLED = (
    "Nobody works on it since {since}. It is due, so no worker for bulk work, or no beat, seems to "
    "run: start them (docker compose up -d worker-bulk beat) and see /readyz. It then goes on "
    "where it stopped. Ctrl-C ends only this waiting."
)


def heading_of(run: SyncRun, *, now: datetime) -> str:
    """Return the state of a run and why, without figures."""
    if run_status.has_stalled(run, now=now):
        return f"Stalled. {_STALLED.format(since=_moment(run_status.silent_since(run)))}"
    heading = str(run.get_state_display())
    if run.state == RunState.PAUSED and run.not_before is not None:
        heading += f" until {_moment(run.not_before)}"
    return f"{heading} ({run.reason})" if run.reason else heading


def reached_by(run: SyncRun, *, now: datetime) -> str:
    """Return how far a run has come; the same words again mean that nothing has come on."""
    learners = learner_progress.progress_of(run)
    if learners is not None:
        return learner_titles.progress_in_words(learners)
    return f"{run_progress.progress_of(run, now=now).read} {run.state == RunState.VERIFYING}"


def line_of(run: SyncRun, *, now: datetime) -> str:
    """Return the time, the state, how much is read and, while it reads, its pace."""
    learners = learner_progress.progress_of(run)
    if learners is not None:
        words = learner_titles.progress_in_words(learners)
        return f"{now.astimezone(UTC):%H:%M:%S} {heading_of(run, now=now)}: {words}"
    figures = run_progress.progress_of(run, now=now)
    total = "?" if figures.total is None else f"{figures.total:,}"
    line = (
        f"{now.astimezone(UTC):%H:%M:%S} {heading_of(run, now=now)}: {figures.read:,} of {total} "
        f"documents, {figures.new:,} new, {figures.changed:,} changed, "
        f"{figures.unchanged:,} unchanged, {figures.quarantined:,} could not be saved"
    )
    if figures.per_second is not None:
        line += f"; {figures.per_second:,.0f} a second"
    return f"{line}, about {run_titles.duration(figures.left)} left" if figures.left else line


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
