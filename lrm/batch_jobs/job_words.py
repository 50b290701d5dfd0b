"""Batch jobs in words: how far one is, and how long it may still take."""

from datetime import datetime

from lrm.models import BatchJob, JobState

# Looks of a status pill.
LOOKS: dict[str, str] = {
    JobState.WAITING: "busy",
    JobState.RUNNING: "busy",
    JobState.DONE: "ok",
    JobState.STOPPED: "idle",
    JobState.FAILED: "bad",
}
# Below that no speed can be told yet.
_LEAST_SECONDS = 2.0


def percent(job: BatchJob) -> int:
    """Return how much of the job is done, never 100 before it is over."""
    if job.state == JobState.DONE:
        return 100
    return min(99, job.done * 100 // job.total) if job.total else 0


def how_far(job: BatchJob, *, now: datetime) -> str:
    """Return how far an open job is, in a sentence."""
    if job.started_at is None:
        return "It begins within a few seconds."
    words = f"{job.done:,} of {job.total:,} done"
    if job.failed:
        words += f", {job.failed:,} of them could not be"
    left = _seconds_left(job, now)
    return f"{words}; {_in_words(left)} left." if left is not None else f"{words}."


def _seconds_left(job: BatchJob, now: datetime) -> float | None:
    """Return how many seconds the rest may take at the speed so far."""
    taken = (now - job.started_at).total_seconds() if job.started_at else 0.0
    if not job.done or taken < _LEAST_SECONDS or job.not_before:
        return None
    return taken / job.done * max(0, job.total - job.done)


def _in_words(seconds: float) -> str:
    if seconds < 10:
        return "a few seconds"
    if seconds < 100:
        return f"about {round(seconds / 10) * 10} seconds"
    minutes = round(seconds / 60)
    return f"about {minutes} minute{'' if minutes == 1 else 's'}"
