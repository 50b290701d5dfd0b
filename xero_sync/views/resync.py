"""The re-sync page: ask for a date range, watch it happen, cancel it, read how earlier ones ended.

It works without script; with it the progress is live. People who may not re-sync see the same
runs and who can ask for one.
"""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connected_apps import errors as connection_errors
from connected_apps.models import Connection, Organisation
from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm import access, page_calls, permissions
from xero_sync import forms
from xero_sync.api import errors
from xero_sync.jobs import retry_policy
from xero_sync.models import RunWhat, SyncRun
from xero_sync.runs import (
    date_ranges,
    first_sync,
    previews,
    request_checks,
    resumption,
    run_log,
    run_notices,
    run_progress,
    run_requests,
    run_status,
    run_titles,
)
from xero_sync.status import learner_run_words, run_words

_require_seeing = access.require(
    permissions.may_see_connected_apps,
    explanation="Re-syncing is part of Connected Apps, which is for portal admins.",
)
_require_managing = access.require(
    permissions.may_manage_connected_apps,
    explanation="Starting or cancelling a re-sync is for portal admins with an LRM role.",
)
_DEFAULT_DAYS = 365


@require_http_methods(["GET", "HEAD", "POST"])
@page_calls.explain_busy
def resync(request: HttpRequest) -> HttpResponseBase:
    """Show the page, or start a re-sync. Starting needs a right that seeing does not."""
    return _start(request) if request.method == "POST" else _show(request)


@_require_seeing
def _show(request: access.SignedInRequest) -> HttpResponse:
    return render(request, "xero_sync/resync.html", _context(request))


@_require_managing
def _start(request: access.SignedInRequest) -> HttpResponse:
    form = _form(request, request.POST)
    if not form.is_valid():
        return render(request, "xero_sync/resync.html", _context(request, form), status=422)
    if "preview" in request.POST:
        return _preview(request, form)
    try:
        answer = run_requests.request(
            portal=request.portal, by=request.user, now=timezone.now(), **form.cleaned_data
        )
    except request_checks.NotPossible as reason:
        form.add_error(None, str(reason))
        return render(request, "xero_sync/resync.html", _context(request, form), status=422)
    messages.success(request, f"{answer.words} {answer.promise}")
    return redirect("resync")


def _preview(request: access.SignedInRequest, form: forms.ResyncForm) -> HttpResponse:
    """Show what the re-sync would cost, with the form as it was filled in."""
    connection = connection_of(request.portal)
    context = _context(request, form)
    if connection is not None and _is_live(connection):
        try:
            with page_calls.seat():
                found = previews.preview(connection=connection, **form.cleaned_data)
            context["preview"] = run_words.preview(found)
        except (errors.XeroError, connection_errors.ConnectedAppsError) as error:
            context["preview_problem"] = retry_policy.after(error, attempts=0).why
    return render(request, "xero_sync/resync.html", context)


@_require_seeing
@require_safe
def progress(request: access.SignedInRequest) -> HttpResponse:
    """Answer the live page with the runs as they are now, and what is new in their logs.

    A log stays on the page as it stands there, open or closed; new lines are added at its end.
    """
    context = _context(request)
    shown = [row["run"] for row in context["runs"]]
    context["log_news"] = run_log.news_of(shown, request.GET.getlist("log"))
    return render(request, "xero_sync/runs_live.html", context)


@_require_managing
@require_POST
def cancel(request: access.SignedInRequest, run_id: int) -> HttpResponse:
    """Cancel a run; what it has stored stays."""
    run = get_object_or_404(SyncRun, pk=run_id, portal=request.portal)
    if run_requests.cancel(run=run, by=request.user, now=timezone.now()):
        stays = run_notices.WHAT_STAYS[RunWhat(run.what)]
        messages.success(request, f"The re-sync was cancelled. {stays}")
    else:
        messages.info(request, "The re-sync had ended already.")
    return redirect("resync")


@_require_managing
@require_POST
def resume(request: access.SignedInRequest, run_id: int) -> HttpResponse:
    """Let a cancelled run go on where it stopped, or name the one that reads its days."""
    run = get_object_or_404(SyncRun, pk=run_id, portal=request.portal)
    try:
        answering = resumption.resume(run=run, by=request.user, now=timezone.now())
    except request_checks.NotPossible as reason:
        messages.error(request, str(reason))
        return redirect("resync")
    if answering is None:
        messages.info(request, "The re-sync is not cancelled.")
    elif answering != run:
        title = run_titles.title_of(answering)
        messages.info(request, f"{title} reads these days already. You will be told of its end.")
    else:
        messages.success(request, "The re-sync goes on where it stopped.")
    return redirect("resync")


def _context(
    request: access.SignedInRequest, form: forms.ResyncForm | None = None
) -> dict[str, Any]:
    connection = connection_of(request.portal)
    today = _today(request)
    organisation = connection.organisation if connection else None
    latest = run_progress.latest(portal=request.portal, organisation=organisation)
    right = permissions.may_manage_connected_apps
    may_manage = right(request.user)
    return {
        "form": form or _form(request, initial=_initial(today)),
        "connection": connection,
        "is_live": _is_live(connection),
        "organisation": organisation,
        "runs": [_row(run, may_name=permissions.may_see_learners(request.user)) for run in latest],
        "stopped": _stopped_first(organisation, may_resume=_is_live(connection) and may_manage),
        "may_manage": may_manage,
        "people": access.people_with(right, portal=request.portal),
    }


def _stopped_first(organisation: Organisation | None, *, may_resume: bool) -> dict[str, Any] | None:
    """Return the first sync where it was cancelled and is missed.

    :param may_resume: whether this person may, where nothing else keeps it.
    """
    run = first_sync.cancelled(organisation.pk) if organisation else None
    if run is None:
        return None
    is_offered = resumption.is_offered(run)
    return {
        "run": run,
        "may_resume": may_resume and is_offered,
        "sentence": run_words.stopped_first_sync(run, must_wait=may_resume and not is_offered),
    }


def _row(run: SyncRun, *, may_name: bool) -> dict[str, Any]:
    """Return what the page shows of a run.

    :param may_name: whether this person may know learners by name.
    """
    now = timezone.now()
    progress = run_progress.progress_of(run, now=now)
    return {
        "run": run,
        "lines": list(run.lines.all()),
        "title": run_titles.title_of(run),
        "origin": run_titles.origin_of(run),
        "progress": progress,
        "progress_sentence": run_words.progress_of_run(progress, unmatched=run.unmatched_count),
        "reason_sentence": run_words.reason_of_run(run, now=now),
        **learner_run_words.of_run(run, may_name=may_name),
        "kinds": [_kind(kind) for kind in progress.kinds],
        "has_stalled": run_status.has_stalled(run, now=now),
        "may_resume": resumption.is_offered(run),
        "is_held_up": run.is_open and not run_status.can_go_on(run),
    }


def _kind(kind: run_progress.KindProgress) -> dict[str, Any]:
    sums = [run_words.sum_of_currency(*each) for each in kind.totals.items()]
    return {"progress": kind, "sums": sums}


def _is_live(connection: Connection | None) -> bool:
    return connection is not None and connection.state in LIVE


def _form(request: access.SignedInRequest, *given: Any, **more: Any) -> forms.ResyncForm:
    """Return the form; its times are those of the portal."""
    about: dict[str, Any] = {
        "today": _today(request),
        "zone": request.portal.zone,
        "now": timezone.now(),
    }
    return forms.ResyncForm(*given, **about, **more)


def _initial(today: date) -> dict[str, Any]:
    return {
        "what": "documents",
        "date_from": today - timedelta(days=_DEFAULT_DAYS),
        "date_to": today,
    }


def _today(request: access.SignedInRequest) -> date:
    connection = connection_of(request.portal)
    return date_ranges.today_of(
        portal=request.portal,
        organisation=connection.organisation if connection else None,
        now=timezone.now(),
    )
