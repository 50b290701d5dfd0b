"""Report #0443 as a page and as files."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps import book_days, freshness
from connected_apps import queries as connections
from connected_apps.models import Organisation
from lrm import access, permissions, snapshots
from reports.file_facts import Facts
from reports.rights import require_reports
from reports.uninvoiced import criteria as criteria_module
from reports.uninvoiced import facts, files, forms, rows
from reports.uninvoiced.criteria import Criteria

Write = Callable[[Criteria, Facts, IO[bytes]], None]
WRITERS: dict[str, tuple[Write, str]] = {
    ".csv": (files.write_csv, "text/csv; charset=utf-8"),
    ".xlsx": (
        files.write_workbook,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ".json": (files.write_json, "application/json"),
}

# What an address says that asks for counts, however long they take.
COUNT = "count"


@dataclass(frozen=True)
class Question:
    """What an address asks of the report."""

    organisation: Organisation | None
    form: forms.LearnersFilter
    asked: dict[str, str]
    now: datetime
    criteria: Criteria | None

    @property
    def query(self) -> str:
        """The filters for an address."""
        return urlencode(self.asked)


@require_reports
@require_safe
@snapshots.one_moment()
def report_0443(request: access.SignedInRequest) -> HttpResponse:
    """Show who is to be invoiced, a hundred learners a page.

    Where many match, the page is there first and asks for their counts by itself; without script a
    link does. With htmx only the counts are answered.
    """
    question = question_of(request)
    if request.htmx and COUNT in request.GET and question.criteria is not None:
        counts = _counts(request, question.criteria)
        return render(request, "reports/learner_counts.html", counts)
    return _show(request, question)


@require_reports
@require_safe
@snapshots.one_moment()
def report_0443_file(request: access.SignedInRequest, ending: str) -> HttpResponseBase:
    """Send the same rows as a file, which is gone from the disk once it is sent."""
    question = question_of(request)
    if question.organisation is None:
        return redirect("report_0443")
    if question.criteria is None:
        return _show(request, question, status=400)
    about = facts.facts_of(question.criteria, question.form, now=question.now)
    write, content_type = WRITERS[ending]
    target = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it.
    write(question.criteria, about, target)
    target.seek(0)
    name = facts.file_name(question.criteria, about, ending)
    return FileResponse(target, as_attachment=True, filename=name, content_type=content_type)


def question_of(request: access.SignedInRequest) -> Question:
    """Return what the address asks."""
    now = timezone.now()
    organisation = connections.current_organisation(request.portal)
    today = book_days.today_of(portal=request.portal, organisation=organisation, now=now)
    asked = forms.asked_for(request.GET.dict(), today=today)
    form = forms.LearnersFilter(asked)
    is_usable = organisation is not None and form.is_valid()
    return Question(
        organisation=organisation,
        form=form,
        asked=asked,
        now=now,
        criteria=form.criteria(request.portal, organisation)
        if is_usable and organisation
        else None,
    )


def _show(
    request: access.SignedInRequest, question: Question, *, status: int = 200
) -> HttpResponse:
    context: dict[str, object] = {
        "question": question,
        "organisation": question.organisation,
        "sees_learners": permissions.may_see_learners(request.user),
        "sees_contacts": permissions.may_see_connected_apps(request.user),
    }
    if question.criteria is not None:
        context |= _contents(request, question, question.criteria)
    elif question.organisation is None:
        right = permissions.may_manage_connected_apps
        context["roles"] = permissions.ROLES_WITH[right]
        context["people"] = access.people_with(right, portal=request.portal)
    return render(request, "reports/report_0443.html", context, status=status)


def _contents(request: HttpRequest, question: Question, criteria: Criteria) -> dict[str, object]:
    fresh = freshness.of(criteria.portal, now=question.now)
    page = rows.page_of(
        criteria,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        is_complete=fresh.is_complete,
    )
    is_billed = criteria.state == criteria_module.BILLED
    return {
        "fresh": fresh,
        "page": page,
        "columns": [
            column
            for column in rows.COLUMNS
            if column.is_on_page and (column.name != "billed_to" or is_billed)
        ],
        "is_billed": is_billed,
        "period": facts.period_of(criteria.since),
        "filters": question.form.in_words(),
        **_counts(request, criteria),
    }


def _counts(request: HttpRequest, criteria: Criteria) -> dict[str, object]:
    """Return how many match; where they are many, only if the address asks for it."""
    is_asked = COUNT in request.GET
    most = criteria_module.MOST_COUNTED if is_asked else criteria_module.COUNTED_AT_ONCE
    counts = criteria_module.counts_of(criteria, most=most)
    later = request.GET.copy()
    later[COUNT] = "yes"
    return {
        "counts": counts,
        "most_counted": most,
        "count_query": "" if counts or is_asked else later.urlencode(),
    }
