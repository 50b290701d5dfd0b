"""The re-sync page: ask for a date range, watch it happen, cancel it, read how earlier ones ended.

It works without script; with it the progress is live. People who may not re-sync see the same
runs and who can ask for one.
"""

import csv
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    QueryDict,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connected_apps import book_days, financial_years
from connected_apps import errors as connection_errors
from connected_apps.models import Connection, Organisation
from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm import access, csv_text, page_calls, panels, permissions
from xero_sync import forms
from xero_sync.api import errors
from xero_sync.jobs import retry_policy
from xero_sync.models import RunWhat, SyncRun
from xero_sync.runs import (
    changed_spans,
    date_presets,
    first_sync,
    previews,
    request_checks,
    resumption,
    run_log,
    run_milestones,
    run_notices,
    run_progress,
    run_requests,
    run_titles,
)
from xero_sync.runs.date_presets import Preset
from xero_sync.status import run_rows, run_words

_require_seeing = access.require(
    permissions.may_see_connected_apps,
    explanation="Re-syncing is part of Connected Apps, which is for portal admins.",
)
_require_managing = access.require(
    permissions.may_manage_connected_apps,
    explanation="Starting or cancelling a re-sync is for portal admins with an LRM role.",
)


def register() -> None:
    """Put the page into the settings."""
    panels.add_settings_entry(
        panels.SettingsEntry(
            label="Re-syncs",
            url_name="resync",
            icon="refresh",
            description="Read a range of dates from Xero again, and see that none is missing.",
            right=permissions.may_see_connected_apps,
            order=32,
        )
    )


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
    form = _form(request, _asked(request, request.POST))
    if not form.is_valid():
        return render(request, "xero_sync/resync.html", _context(request, form), status=422)
    if "preview" in request.POST:
        context = {**_context(request, form), **_estimate(request, form)}
        return render(request, "xero_sync/resync.html", context)
    try:
        answer = run_requests.request(
            portal=request.portal, by=request.user, now=timezone.now(), **form.cleaned_data
        )
    except request_checks.NotPossible as reason:
        form.add_error(None, str(reason))
        return render(request, "xero_sync/resync.html", _context(request, form), status=422)
    messages.success(request, f"{answer.words} {answer.promise}")
    return redirect("resync")


@require_safe
@page_calls.explain_busy
@_require_managing
def estimate(request: access.SignedInRequest) -> HttpResponse:
    """Answer the open form with what the re-sync would read; nothing while its dates are wrong."""
    form = _form(request, _asked(request, request.GET))
    context = _estimate(request, form) if form.is_valid() else {}
    return render(request, "xero_sync/resync_estimate.html", context)


def _estimate(request: access.SignedInRequest, form: forms.ResyncForm) -> dict[str, Any]:
    connection = connection_of(request.portal)
    if connection is None or not _is_live(connection):
        return {}
    try:
        with page_calls.seat():
            found = previews.preview(connection=connection, **form.cleaned_data)
    except (errors.XeroError, connection_errors.ConnectedAppsError) as error:
        return {"preview_problem": retry_policy.after(error, attempts=0).why}
    asked = form.cleaned_data
    days = run_titles.between(asked["date_from"], asked["date_to"])
    if "span" in asked:
        days = changed_spans.in_words(asked["span"], zone=request.portal.zone)
    return {"preview": run_words.preview(found), "days": days}


@_require_seeing
@require_safe
def progress(request: access.SignedInRequest) -> HttpResponse:
    """Answer the live page: 204 where it shows all, else the runs as they are now and their news.

    An open run's log stays on the page as it stands there; new lines are added at its end.
    """
    runs = _latest(request)
    if request.GET.get("shown") == run_milestones.token_of(runs, now=timezone.now()):
        return HttpResponse(status=204)
    context = _context(request)
    context["log_news"] = run_log.news_of(runs, request.GET.getlist("log"))
    told = run_milestones.from_text(request.GET.get("told", ""))
    news = run_milestones.news_of(runs, told)
    context["said"] = " ".join(run_milestones.sentence_of(run) for run in news)
    context["ended"] = [row for row in context["ended_runs"] if row["run"] in news]
    for row in context["ended"]:
        row["is_news"] = True
    return render(request, "xero_sync/runs_live.html", context)


@_require_seeing
@require_safe
def differences(request: access.SignedInRequest, run_id: int) -> HttpResponse:
    """Give the documents that differed at the end of a run as a file."""
    run = get_object_or_404(SyncRun, pk=run_id, portal=request.portal)
    found = run_rows.differences_of([run]).get(run.pk, [])
    head = ["Document", "What differs", "Currency", "In Xero", "Here"]
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    writer = csv.writer(response)
    writer.writerow(head)
    for one in found:
        texts = (one.name, one.what, one.currency)
        writer.writerow([*map(csv_text.harmless, texts), one.in_xero, one.here])
    response["Content-Disposition"] = f'attachment; filename="re-sync-{run.pk}-differences.csv"'
    return response


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
        messages.success(request, "The re-sync continues where it stopped.")
    return redirect("resync")


def _asked(request: access.SignedInRequest, given: QueryDict) -> QueryDict:
    """Return the fields with the days of the chosen preset in place of those of the form.

    The form always sends its dates, also while the page hides them. So a marked preset counts
    whatever they say; whoever sends dates alone marks none.
    """
    if given.get("what", RunWhat.DOCUMENTS) != RunWhat.DOCUMENTS:
        return given
    today, year_end = _today(request), _year_end(request)
    days = date_presets.days_of(given.get("span", ""), today=today, year_end=year_end)
    if days is None:
        return given
    asked = given.copy()
    asked["date_from"], asked["date_to"] = (day.isoformat() for day in days)
    return asked


def _latest(request: access.SignedInRequest) -> list[SyncRun]:
    connection = connection_of(request.portal)
    organisation = connection.organisation if connection else None
    return run_progress.latest(portal=request.portal, organisation=organisation)


def _context(
    request: access.SignedInRequest, form: forms.ResyncForm | None = None
) -> dict[str, Any]:
    connection = connection_of(request.portal)
    today = _today(request)
    organisation = connection.organisation if connection else None
    latest = run_progress.latest(portal=request.portal, organisation=organisation)
    right = permissions.may_manage_connected_apps
    may_manage = right(request.user)
    now = timezone.now()
    rows = run_rows.of_runs(latest, organisation=organisation, reader=request.user, now=now)
    return {
        "form": form or _form(request, initial=_initial(today, _year_end(request))),
        "presets": Preset.choices,
        "preset": _preset(form),
        "connection": connection,
        "is_live": _is_live(connection),
        "organisation": organisation,
        "runs": rows,
        "open_runs": [row for row in rows if row["is_open"]],
        "ended_runs": [row for row in rows if not row["is_open"]],
        "stopped": _stopped_first(organisation, may_resume=_is_live(connection) and may_manage),
        "may_manage": may_manage,
        "people": access.people_with(right, portal=request.portal),
        "shown": run_milestones.token_of(latest, now=now),
        "told": run_milestones.as_text(run_milestones.of_runs(latest)),
    }


def _preset(form: forms.ResyncForm | None) -> str:
    """Return which preset is chosen; a form without any was filled in by its dates."""
    if form is None:
        return Preset.LAST_12_MONTHS
    return form.data.get("span") or Preset.DATES


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
        "sentence": run_words.stopped_first_sync(
            run, must_wait=may_resume and not is_offered, now=timezone.now()
        ),
    }


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


def _initial(today: date, year_end: financial_years.YearEnd) -> dict[str, Any]:
    preset = Preset.LAST_12_MONTHS
    days = date_presets.days_of(preset, today=today, year_end=year_end) or (today, today)
    return {"what": RunWhat.DOCUMENTS, "date_from": days[0], "date_to": days[1]}


def _today(request: access.SignedInRequest) -> date:
    organisation = _organisation(request)
    return book_days.today_of(portal=request.portal, organisation=organisation, now=timezone.now())


def _year_end(request: access.SignedInRequest) -> financial_years.YearEnd:
    return financial_years.year_end_of(request.portal, _organisation(request))


def _organisation(request: access.SignedInRequest) -> Organisation | None:
    connection = connection_of(request.portal)
    return connection.organisation if connection else None
