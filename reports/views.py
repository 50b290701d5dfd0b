"""The list of reports, and report #0442 as a page, as CSV and as a workbook."""

import tempfile
from dataclasses import dataclass
from datetime import date
from typing import IO
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps import queries as connections
from connected_apps.card import facts
from connected_apps.models import Organisation
from invoices import paging
from lrm import access, permissions
from reports import csv_export, forms, report_page, synced_invoices, workbook
from reports.synced_invoices import Criteria

_CSV = "text/csv; charset=utf-8"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_require_reports = access.require(
    permissions.may_run_finance_reports,
    explanation="Finance reports are for the people who keep the accounts.",
)


@dataclass(frozen=True)
class Question:
    """What an address asks of the report."""

    organisation: Organisation | None
    form: forms.ReportFilter
    asked: dict[str, str]
    today: date

    @property
    def criteria(self) -> Criteria | None:
        """What to report; None where nothing is connected or a filter has an error."""
        if self.organisation is None or not self.form.is_valid():
            return None
        return self.form.criteria(self.organisation)

    @property
    def query(self) -> str:
        """The filters for an address."""
        return urlencode(self.asked)

    def file_name(self, ending: str) -> str:
        """Return the name of the file that is downloaded, with the range in it."""
        dates = [self.asked.get("date_from", ""), self.asked.get("date_to", "")]
        return "_".join(["report-0442", *filter(None, dates)]) + ending


@_require_reports
@require_safe
def index(request: access.SignedInRequest) -> HttpResponse:
    """List the reports."""
    return render(request, "reports/index.html")


@_require_reports
@require_safe
def report_0442(request: access.SignedInRequest) -> HttpResponse:
    """Show the report, a hundred documents a page."""
    return _show(request, _question(request))


@_require_reports
@require_safe
def report_0442_csv(request: access.SignedInRequest) -> HttpResponseBase:
    """Send the rows that the page with the same address lists, as CSV."""
    question = _question(request)
    criteria = question.criteria
    if criteria is None:
        return _refuse(request, question)
    target = _temporary_file()
    csv_export.write_csv(criteria, target, for_excel=True)
    return _download(target, question.file_name(".csv"), _CSV)


@_require_reports
@require_safe
def report_0442_xlsx(request: access.SignedInRequest) -> HttpResponseBase:
    """Send the same rows as a workbook."""
    question = _question(request)
    criteria = question.criteria
    if criteria is None:
        return _refuse(request, question)
    target = _temporary_file()
    workbook.write_workbook(synced_invoices.rows_of(criteria), target)
    return _download(target, question.file_name(".xlsx"), _XLSX)


def _temporary_file() -> IO[bytes]:
    """Return a file on disk that is gone once the response that sends it is closed."""
    return tempfile.TemporaryFile()


def _download(target: IO[bytes], name: str, content_type: str) -> FileResponse:
    target.seek(0)
    return FileResponse(target, as_attachment=True, filename=name, content_type=content_type)


def _question(request: access.SignedInRequest) -> Question:
    today = timezone.now().astimezone(request.portal.zone).date()
    asked = forms.asked_for(request.GET.dict(), today=today)
    return Question(
        organisation=connections.current_organisation(request.portal),
        form=forms.ReportFilter(asked, portal=request.portal),
        asked=asked,
        today=today,
    )


def _refuse(request: access.SignedInRequest, question: Question) -> HttpResponseBase:
    """Answer a download that cannot be: the page says why, at the field where it is a field."""
    if question.organisation is None:
        return redirect("report_0442")
    return _show(request, question, status=400)


def _show(
    request: access.SignedInRequest, question: Question, *, status: int = 200
) -> HttpResponse:
    criteria = question.criteria
    connection = connections.connection_of(request.portal)
    context: dict[str, object] = {
        "question": question,
        "organisation": question.organisation,
        "sees_contacts": permissions.may_see_connected_apps(request.user),
        "unread": facts.unread_of(connection, now=timezone.now()),
    }
    if criteria is not None:
        context |= report_page.contents_of(
            criteria,
            after=paging.edge_from(request.GET.get("after", "")),
            before=paging.edge_from(request.GET.get("before", "")),
            today=question.today,
        )
    elif question.organisation is None:
        right = permissions.may_manage_connected_apps
        context["roles"] = permissions.ROLES_WITH[right]
        context["people"] = access.people_with(right, portal=request.portal)
    return render(request, "reports/report_0442.html", context, status=status)
