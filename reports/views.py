"""The list of reports, and report #0442 as a page and as files."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps import book_days, financial_years, freshness
from connected_apps import queries as connections
from connected_apps.models import Organisation
from lrm import access, moments, permissions, snapshots
from reports import (
    csv_export,
    file_facts,
    forms,
    json_export,
    periods,
    report_page,
    workbook,
)
from reports.file_facts import Facts
from reports.rights import require_reports
from reports.synced_invoices import Criteria

_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
}
Write = Callable[[Criteria, Facts, IO[bytes]], None]


@dataclass(frozen=True)
class Question:
    """What an address asks of the report."""

    organisation: Organisation | None
    form: forms.ReportFilter
    asked: dict[str, str]
    today: date
    now: datetime
    presets: list[periods.Period]

    @property
    def criteria(self) -> Criteria | None:
        """What to report; None where nothing is connected or a filter has an error."""
        if self.organisation is None or not self.form.is_valid():
            return None
        return self.form.criteria(self.organisation, today=self.today)

    @property
    def query(self) -> str:
        """The filters for an address."""
        return urlencode(self.asked)

    @property
    def spans(self) -> list[tuple[periods.Period | None, str, bool]]:
        """The presets with their addresses, all other filters kept; None stands for all dates."""
        others = {name: value for name, value in self.asked.items() if not name.startswith("date_")}
        spans = [(one, one.first.isoformat(), one.last.isoformat()) for one in self.presets]
        now = self.asked.get("date_from", ""), self.asked.get("date_to", "")
        return [
            (
                period,
                urlencode({"date_from": first, "date_to": last, **others}),
                now == (first, last),
            )
            for period, first, last in [*spans, (None, "", "")]
        ]


@require_reports
@require_safe
def index(request: access.SignedInRequest) -> HttpResponse:
    """List the reports."""
    return render(request, "reports/index.html")


@require_reports
@require_safe
@snapshots.one_moment()
def report_0442(request: access.SignedInRequest) -> HttpResponse:
    """Show the report, a hundred documents a page."""
    return _show(request, question_of(request))


@require_reports
@require_safe
@snapshots.one_moment()
def report_0442_csv(request: access.SignedInRequest) -> HttpResponseBase:
    """Send the rows that the page with the same address lists, as CSV."""

    def write(criteria: Criteria, facts: Facts, target: IO[bytes]) -> None:
        csv_export.write_csv(criteria, target, facts=facts, for_excel=True)

    return _file(request, ".csv", write)


@require_reports
@require_safe
@snapshots.one_moment()
def report_0442_xlsx(request: access.SignedInRequest) -> HttpResponseBase:
    """Send the same rows as a workbook."""

    def write(criteria: Criteria, facts: Facts, target: IO[bytes]) -> None:
        workbook.write_workbook(criteria, target, facts=facts)

    return _file(request, ".xlsx", write)


@require_reports
@require_safe
@snapshots.one_moment()
def report_0442_json(request: access.SignedInRequest) -> HttpResponseBase:
    """Send the same rows as JSON."""

    def write(criteria: Criteria, facts: Facts, target: IO[bytes]) -> None:
        for piece in json_export.json_of(criteria, facts):
            target.write(piece.encode())

    return _file(request, ".json", write)


def question_of(request: access.SignedInRequest) -> Question:
    """Return what the address asks."""
    now = timezone.now()
    organisation = connections.current_organisation(request.portal)
    today = book_days.today_of(portal=request.portal, organisation=organisation, now=now)
    year_end = financial_years.year_end_of(request.portal, organisation)
    asked = forms.asked_for(request.GET.dict(), today=today, year_end=year_end)
    return Question(
        organisation=organisation,
        form=forms.ReportFilter(
            asked, portal=request.portal, organisation=organisation, today=today
        ),
        asked=asked,
        today=today,
        now=now,
        presets=periods.presets(today, year_end=year_end),
    )


def _file(request: access.SignedInRequest, ending: str, write: Write) -> HttpResponseBase:
    """Send a file, which is gone from the disk once the response that sends it is closed."""
    question = question_of(request)
    criteria = question.criteria
    if criteria is None:
        return _refuse(request, question)
    facts = file_facts.facts_of(criteria, portal=request.portal, now=question.now)
    target = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it.
    write(criteria, facts, target)
    target.seek(0)
    name = file_facts.file_name(criteria, facts, ending)
    return FileResponse(target, as_attachment=True, filename=name, content_type=_TYPES[ending])


def _refuse(request: access.SignedInRequest, question: Question) -> HttpResponseBase:
    """Answer a download that cannot be: the page says why, at the field where it is a field."""
    if question.organisation is None:
        return redirect("report_0442")
    return _show(request, question, status=400)


def _show(
    request: access.SignedInRequest, question: Question, *, status: int = 200
) -> HttpResponse:
    criteria = question.criteria
    context: dict[str, object] = {
        "question": question,
        "organisation": question.organisation,
        "sees_contacts": permissions.may_see_connected_apps(request.user),
        "sees_learners": permissions.may_see_learners(request.user),
        "may_resync": permissions.may_manage_connected_apps(request.user),
    }
    if criteria is not None:
        context |= _contents(request, question, criteria)
    elif question.organisation is None:
        right = permissions.may_manage_connected_apps
        context["roles"] = permissions.ROLES_WITH[right]
        context["people"] = access.people_with(right, portal=request.portal)
    return render(request, "reports/report_0442.html", context, status=status)


def _contents(
    request: access.SignedInRequest, question: Question, criteria: Criteria
) -> dict[str, object]:
    now, zone = question.now, criteria.zone
    return {
        **report_page.contents_of(
            criteria,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
            query=question.asked,
            now=now,
        ),
        "criteria": criteria,
        "period": file_facts.period_of(criteria),
        "filters": file_facts.narrowing_of(criteria),
        "as_at_said": file_facts.as_at_said(criteria),
        "as_of": (
            f"{moments.day(now, now=now, zone=zone)}, {moments.clock_with_zone(now, zone=zone)}"
        ),
        "fresh": freshness.of(request.portal, now=now),
    }
