"""*Re-sync this month*: a re-sync of one month, asked for from the panel of report #0442."""

import re
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from lrm import access, permissions
from reports import completeness
from xero_sync.models import RunWhat
from xero_sync.runs import request_checks, run_requests

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@access.require(
    permissions.may_manage_connected_apps,
    explanation="Starting a re-sync is for portal admins with an LRM role.",
)
@require_POST
def heal_month(request: access.SignedInRequest) -> HttpResponse:
    """Start a re-sync of one month and come back to the report as it was asked for."""
    month = _month_from(request.POST.get("month", ""))
    if month is None:
        messages.error(request, "This is not a month. Nothing was started.")
        return _back(request)
    try:
        answer = run_requests.request(
            portal=request.portal,
            date_from=month,
            date_to=completeness.month_end(month),
            what=RunWhat.DOCUMENTS,
            by=request.user,
            now=timezone.now(),
        )
    except request_checks.NotPossible as reason:
        messages.error(request, str(reason))
        return _back(request)
    messages.success(request, f"{answer.words} {answer.promise}")
    return _back(request)


def _month_from(text: str) -> date | None:
    match = _MONTH.fullmatch(text)
    if match is None or int(match[1]) == 0:
        return None
    return date(int(match[1]), int(match[2]), 1)


def _back(request: access.SignedInRequest) -> HttpResponse:
    # Only a query is taken from the form, so that it leads nowhere else.
    return redirect(f"{reverse('report_0442')}?{request.POST.get('query', '')[:1000]}")
