"""A worker's turn on a batch job: one transaction a batch, with the job's row locked."""

import logging
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from lrm import notices
from lrm.batch_jobs import job_queue, kinds
from lrm.models import OPEN_JOBS, BatchJob, JobFailure, JobState, NoticeLevel
from lrm.waking import worker_stop

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

# How long a worker goes on before others have their turn.
TURN = timedelta(seconds=10)
# How long to wait after a batch failed; after one failure more than these the job is given up.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600))
# How many failures are kept to be read; all of them are counted.
MOST_FAILURES = 1000

_PROGRESS = (
    *("state", "started_at", "cursor", "done", "changed", "failed"),
    *("attempts", "not_before", "problem"),
)
_WAITS = "A part of it did not work because of an error on our side; it is tried again."
_GIVEN_UP = (
    "An error on our side stopped it. What it had done until then stays. Support can find "
    "the cause in the log; start it again after that."
)


def work_on(*, job_id: int, clock: Clock, turn: timedelta = TURN) -> timedelta | None:
    """Work a turn on a job; return when to come back, None where there is nothing to come back for.

    Where another worker has the job it is left alone.
    """
    ends_at = clock() + turn
    while True:
        delay = _work_on_batch(job_id, clock)
        if delay is None or delay > timedelta(0):
            return delay
        if clock() >= ends_at or worker_stop.is_asked():
            return delay


def _work_on_batch(job_id: int, clock: Clock) -> timedelta | None:
    now = clock()
    due = Q(not_before=None) | Q(not_before__lte=now)
    try:
        with transaction.atomic():
            rows = BatchJob.objects.select_for_update(skip_locked=True, of=("self",))
            rows = rows.select_related("portal", "by")
            job = rows.filter(due, pk=job_id, state__in=OPEN_JOBS).first()
            if job is None:
                return None
            kind = kinds.find(job.kind)
            if kind is None:
                # A newer release asked for it, and its workers will take it.
                logger.warning("%s is of a kind that is not known here", job)
                return None
            progress = kind.handle(job, now)
            _note(job, progress, now)
            if progress.is_over:
                job_queue.end(job=job, state=JobState.DONE, now=clock())
                _tell(job, kind)
    except Exception as error:
        # Not its words, which may hold what is in a row.
        place = traceback.extract_tb(error.__traceback__)[-1]
        logger.error(  # noqa: TRY400 - a traceback ends with the error's words
            "A batch of job %s failed: %s in %s, line %s",
            *(job_id, type(error).__name__, place.filename, place.lineno),
        )
        return _put_off(job_id, now)
    return None if progress.is_over else timedelta(0)


def _note(job: BatchJob, progress: kinds.Progress, now: datetime) -> None:
    """Write how far the job has come."""
    _keep(job, progress.failures)
    job.state = JobState.RUNNING
    job.started_at = job.started_at or now
    job.cursor = progress.cursor
    job.done += progress.done
    job.changed += progress.changed
    job.failed += len(progress.failures)
    job.attempts, job.not_before, job.problem = 0, None, ""
    # Not what was asked for, which may be long.
    job.save(update_fields=_PROGRESS)


def _keep(job: BatchJob, failures: Sequence[kinds.Failure]) -> None:
    JobFailure.objects.bulk_create(
        JobFailure(
            job=job,
            row=failure.row,
            name=failure.name[:300],
            reason=failure.reason[:500],
            values=list(failure.values.items()),
        )
        for failure in failures[: max(0, MOST_FAILURES - job.failed)]
    )


def _put_off(job_id: int, now: datetime) -> timedelta | None:
    """Let a job whose batch failed wait, or give it up after too many failures in a row."""
    with transaction.atomic():
        rows = BatchJob.objects.select_for_update(of=("self",)).select_related("by")
        job = rows.filter(pk=job_id, state__in=OPEN_JOBS).first()
        if job is None:
            return None
        job.attempts += 1
        if job.attempts > len(DELAYS):
            job_queue.end(job=job, state=JobState.FAILED, problem=_GIVEN_UP, now=now)
            _tell(job, kinds.of(job))
            delay = None
        else:
            delay = DELAYS[job.attempts - 1]
            job.not_before, job.problem = now + delay, _WAITS
        job.save(update_fields=["attempts", "not_before", "problem"])
    return delay


def _tell(job: BatchJob, kind: kinds.JobKind) -> None:
    """Tell whoever asked that it is over."""
    went_well = job.state == JobState.DONE and not job.failed
    words = kind.outcome(job)
    if job.state == JobState.FAILED:
        words = f"{kind.title(job)}: given up. {words}"
    elif job.failed:
        words = f"{words} See why."
    notices.notify(
        users=[job.by] if job.by else [],
        level=NoticeLevel.SUCCESS if went_well else NoticeLevel.WARNING,
        text=words,
        url=f"/jobs/{job.pk}/",
    )
