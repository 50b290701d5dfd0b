"""Workers' turns on batch jobs, taken by hand."""

from datetime import UTC, datetime, timedelta

from lrm.batch_jobs import job_queue, job_worker
from lrm.models import BatchJob


def clock() -> datetime:
    """Read the real clock: what workers run on."""
    return datetime.now(UTC)


def work_on(job: BatchJob) -> BatchJob:
    """Work on a job until it ends or has to wait."""
    while (delay := job_worker.work_on(job_id=job.pk, clock=clock)) is not None:
        if delay > timedelta(0):
            break
    job.refresh_from_db()
    return job


def work_on_all() -> list[BatchJob]:
    """Work on every job that waits, as beat has workers do."""
    waiting = job_queue.waiting_jobs(now=clock())
    return [work_on(BatchJob.objects.get(pk=job_id)) for job_id in waiting]
