"""The page of a batch job: how far it is, how it ended, and what could not be done.

It works without script; with it the progress is live. Whoever has the right that the job's kind
names sees it and may stop it, as may whoever asked for it, who has that right too.
"""

import csv
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from lrm import access, csv_text, permissions
from lrm.batch_jobs import job_queue, job_words, job_worker, kinds
from lrm.models import BatchJob, JobFailure

_require_portal = access.require(permissions.may_see_settings)
_SHOWN_FAILURES = 100

JobView = Callable[[access.SignedInRequest, BatchJob], HttpResponse]
JobPage = Callable[[access.SignedInRequest, int], HttpResponse]


def _of_job(view: JobView) -> JobPage:
    """Find the job in the portal and ask for the right that its kind names."""

    @wraps(view)
    def guarded(request: access.SignedInRequest, job_id: int) -> HttpResponse:
        job = get_object_or_404(request.portal.batch_jobs, pk=job_id)
        kind = kinds.find(job.kind)
        if kind is None:
            raise Http404
        if not kind.right(request.user):
            return access.not_allowed(request, right=kind.right, explanation=kind.explanation)
        return view(request, job)

    return guarded


@_require_portal
@require_safe
@_of_job
def page(request: access.SignedInRequest, job: BatchJob) -> HttpResponse:
    """Show the job."""
    return render(request, "lrm/job.html", _context(job))


@_require_portal
@never_cache
@require_safe
@_of_job
def progress(request: access.SignedInRequest, job: BatchJob) -> HttpResponse:
    """Answer the live page with the job as it is now; 204 where it has seen that already."""
    context = _context(job)
    if request.GET.get("seen") == context["mark"]:
        return HttpResponse(status=204)
    return render(request, "lrm/job_live.html", context)


@_require_portal
@require_POST
@_of_job
def stop(request: access.SignedInRequest, job: BatchJob) -> HttpResponse:
    """Stop the job; what it has done until now stays."""
    if job_queue.stop(job=job, by=request.user, now=timezone.now()):
        messages.success(request, "It was stopped. What was done until then stays.")
    else:
        messages.info(request, "It had ended already.")
    return redirect("job", job.pk)


@_require_portal
@require_safe
@_of_job
def failures(request: access.SignedInRequest, job: BatchJob) -> HttpResponse:
    """Download what could not be done: each row as it was given, and why."""
    rows = list(job.failures.all())
    columns = list(dict.fromkeys(name for row in rows for name, _ in row.values))
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="not-done-{job.pk}.csv"'
    # Without it Excel garbles accented names.
    answer.write("\ufeff")
    lines = csv.writer(answer)
    lines.writerow(["Row", "Who", "Why not", *columns])
    for row in rows:
        lines.writerow([row.row, *map(csv_text.harmless, _texts_of(row, columns))])
    return answer


def _texts_of(row: JobFailure, columns: list[str]) -> list[str]:
    given = dict(row.values)
    return [row.name, row.reason, *(given.get(name, "") for name in columns)]


def _context(job: BatchJob) -> dict[str, Any]:
    kind = kinds.of(job)
    return {
        "job": job,
        "title": kind.title(job),
        "outcome": "" if job.is_open else kind.outcome(job),
        "look": job_words.LOOKS[job.state],
        "percent": job_words.percent(job),
        "how_far": job_words.how_far(job, now=timezone.now()) if job.is_open else "",
        "back_to": kind.back_to,
        "failures": list(job.failures.all()[:_SHOWN_FAILURES]) if not job.is_open else [],
        "kept": min(job.failed, job_worker.MOST_FAILURES),
        # Whatever may change on the page while somebody looks.
        "mark": f"{job.state}-{job.done}-{job.failed}-{job.attempts}",
    }
