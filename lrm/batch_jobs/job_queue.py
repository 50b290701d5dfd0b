"""Asking for batch jobs, stopping them, and finding those that wait for a worker."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from lrm import notices
from lrm.batch_jobs import kinds
from lrm.models import OPEN_JOBS, BatchJob, JobState, NoticeLevel, Portal, User
from lrm.waking.worker_tasks import BULK, WorkerTask

# Its name is in queues and must not change. Of a job, by its id.
WORK_ON_JOB = WorkerTask("lrm.tasks.work_on_job", BULK)


def request(
    *,
    portal: Portal,
    kind: str,
    by: User,
    total: int,
    now: datetime,
    params: dict[str, Any] | None = None,
) -> BatchJob:
    """Ask for a job, and wake a worker for it once the current transaction has committed.

    :param total: how many rows there are to deal with.
    :param params: whatever `handle` needs, as JSON; kept for good, so nothing personal.
    :raises LookupError: nobody registered the kind.
    """
    if kinds.find(kind) is None:
        raise LookupError(f"Nobody registered the kind {kind}.")
    job = BatchJob.objects.create(
        portal=portal,
        kind=kind,
        params=params or {},
        by=by,
        by_name=str(by)[:200],
        total=total,
        created_at=now,
    )
    WORK_ON_JOB.wake(job.pk)
    return job


def stop(*, job: BatchJob, by: User, now: datetime) -> bool:
    """End a job after the batch that is under way; return whether there was anything to end.

    What it has done until then stays. Whoever asked for it is told, unless they stop it themselves.
    """
    with transaction.atomic():
        # Waits for a worker's batch, which takes a second or two.
        rows = BatchJob.objects.select_for_update(of=("self",)).select_related("by")
        found = rows.filter(pk=job.pk, state__in=OPEN_JOBS).first()
        if found is None:
            return False
        end(job=found, state=JobState.STOPPED, problem=f"{by} stopped it.", now=now)
        _tell_stopped(found, by)
    return True


def end(*, job: BatchJob, state: JobState, now: datetime, problem: str = "") -> None:
    """End a job whose row the caller has locked; what its kind does in the end is done, too."""
    job.state, job.finished_at, job.problem, job.not_before = state, now, problem, None
    job.save(update_fields=["state", "finished_at", "problem", "not_before"])
    kind = kinds.find(job.kind)
    if kind is not None:
        kind.ended(job)


def _tell_stopped(job: BatchJob, by: User) -> None:
    kind = kinds.find(job.kind)
    if kind is None or job.by is None or job.by.pk == by.pk:
        return
    notices.notify(
        users=[job.by],
        level=NoticeLevel.WARNING,
        text=f"{kind.title(job)}: stopped by {by}. What was done until then stays.",
        url=f"/jobs/{job.pk}/",
    )


def waiting_jobs(*, now: datetime) -> list[int]:
    """Return the jobs that are due, whether somebody works on them or not."""
    due = Q(not_before=None) | Q(not_before__lte=now)
    rows = BatchJob.objects.filter(due, state__in=OPEN_JOBS).order_by("id")
    return list(rows.values_list("pk", flat=True))


def open_jobs(*, portal: Portal, names: Iterable[str]) -> QuerySet[BatchJob]:
    """Return the portal's jobs of some kinds that are not over, newest first."""
    rows = BatchJob.objects.filter(portal=portal, kind__in=list(names), state__in=OPEN_JOBS)
    return rows.order_by("-created_at", "-id")
