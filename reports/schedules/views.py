"""The pages of schedules: all of a portal, a new one, and what may be done about one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lrm import access
from lrm.models import Portal, User
from reports.models import Report, ReportSchedule, ReportScheduleChange, ReportSending, Span
from reports.rights import require_reports
from reports.schedules import contents, due_times, forms, letters, requests

MOST_CHANGES = 20
_LONGEST_QUERY = 1000
Act = Callable[..., ReportSchedule | None]


@require_reports
@require_safe
def schedules(request: access.SignedInRequest) -> HttpResponse:
    """List what is mailed on a schedule, what became of the last ones, and who did what."""
    found = requests.schedules_of(request.portal)
    last = _last_sendings(found)
    queries = contents.queries_now(found, portal=request.portal, now=timezone.now())
    changes = ReportScheduleChange.objects.filter(portal=request.portal).select_related("schedule")
    context = {
        "lines": [_line(one, last.get(one.pk), queries[one.pk]) for one in found],
        "changes": [
            (change, Report(change.schedule.report).label) for change in changes[:MOST_CHANGES]
        ],
    }
    return render(request, "reports/schedules.html", context)


@require_reports
@require_http_methods(["GET", "HEAD", "POST"])
def new_schedule(request: access.SignedInRequest) -> HttpResponse:
    """Make a schedule for a report with its filter."""
    address = request.POST if request.method == "POST" else request.GET
    report = address.get("report", "")
    if report not in Report.values:
        raise Http404
    asked = dict(parse_qsl(request.POST.get("query", ""), keep_blank_values=True))
    query = forms.kept_query(report, asked if request.method == "POST" else request.GET.dict())
    now = timezone.now()
    form = forms.ScheduleForm(
        request.POST or None,
        portal=request.portal,
        report=report,
        initial={
            "weekday": 0,
            "day_of_month": 1,
            "hour": 8,
            "span": contents.span_in(query, portal=request.portal, report=report, now=now),
            "recipients": [request.user.pk],
        },
    )
    problem = _problem(request.portal, report, query, form, now=now)
    if request.method == "POST" and form.is_valid() and not problem:
        problem = _made(request, form, report, query, now=now)
        if not problem:
            return redirect("report_schedules")
    context = {
        "form": form,
        "report": report,
        "label": Report(report).label,
        "query": query,
        "back": f"{letters.page_of(report)}?{query}",
        "problem": problem,
    }
    status = 400 if problem or form.errors else 200
    return render(request, "reports/schedule_new.html", context, status=status)


def _made(
    request: access.SignedInRequest,
    form: forms.ScheduleForm,
    report: str,
    query: str,
    *,
    now: datetime,
) -> str:
    """Make it; return why that cannot be, or nothing."""
    try:
        schedule = requests.make(
            portal=request.portal,
            wish=form.wish(report, query),
            recipients=form.cleaned_data["recipients"],
            by=request.user,
            now=now,
        )
    except requests.NotPossible as reason:
        return str(reason)
    messages.success(request, f"{due_times.in_words(schedule)} it is sent from now on.")
    return ""


def _problem(
    portal: Portal, report: str, query: str, form: forms.ScheduleForm, *, now: datetime
) -> str:
    """Return why a filter cannot be kept, or nothing."""
    if len(query) > _LONGEST_QUERY:
        return "The filter is too long to be kept."
    is_whole = form.is_bound and form.is_valid()
    span = form.cleaned_data["span"] if is_whole else Span.AS_FILTERED
    try:
        contents.content_of(portal=portal, report=report, query=query, span=span, now=now)
    except contents.NotPossible as reason:
        return str(reason)
    return ""


def _act(done: Act, words: str) -> Any:
    @require_reports
    @require_POST
    def act(request: access.SignedInRequest, schedule_id: int) -> HttpResponse:
        """Do it, say so, and come back to the list."""
        now = timezone.now()
        try:
            schedule = done(
                portal=request.portal, schedule_id=schedule_id, by=request.user, now=now
            )
        except requests.NotPossible as reason:
            messages.warning(request, str(reason))
            return redirect("report_schedules")
        if schedule is None:
            raise Http404
        messages.success(request, words)
        return redirect("report_schedules")

    return act


send_now = _act(requests.send_now, "It is on its way. This page says when it was sent.")
pause = _act(requests.pause, "Paused. Nothing is sent until somebody continues it.")
resume = _act(requests.resume, "Continued. The next time stands below.")
end = _act(requests.end, "Deleted. Nothing more is sent.")


def _last_sendings(found: list[ReportSchedule]) -> dict[int, ReportSending]:
    sendings = ReportSending.objects.filter(schedule__in=found).order_by("schedule", "-due_at")
    return {one.schedule_id: one for one in sendings.distinct("schedule")}


def _line(schedule: ReportSchedule, last: ReportSending | None, query: str) -> dict[str, Any]:
    people: list[User] = sorted(schedule.recipients.all(), key=str)
    return {
        "schedule": schedule,
        "label": Report(schedule.report).label,
        "when": due_times.in_words(schedule),
        "address": f"{letters.page_of(schedule.report)}?{query}",
        "span": "" if schedule.span == Span.AS_FILTERED else Span(schedule.span).label,
        "people": [(user, requests.may_receive(user) and bool(user.email)) for user in people],
        "last": last,
    }
