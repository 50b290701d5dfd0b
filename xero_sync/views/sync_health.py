"""Sync health: three lists with counts, a retry for each row that has one, and all as a file."""

import csv

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm import access, csv_text, permissions
from xero_sync.maintenance import manual_retries
from xero_sync.status import sync_health

_require_seeing = access.require(
    permissions.may_see_connected_apps,
    explanation="Sync health is part of Connected Apps, which is for portal admins.",
)
_require_managing = access.require(
    permissions.may_manage_connected_apps,
    explanation="Trying again is for portal admins with an LRM role.",
)
_HEAD = ["List", "What", "Count", "Why", "What to do", "Diagnostics"]


@_require_seeing
@require_safe
def show(request: access.SignedInRequest) -> HttpResponse:
    """Show the lists, or only what fails."""
    connection = connection_of(request.portal)
    health = sync_health.of_connection(connection, now=timezone.now())
    may_manage = permissions.may_manage_connected_apps(request.user)
    is_live = connection is not None and connection.state in LIVE
    context = {
        "connection": connection,
        "health": health,
        "lists": _lists(health, only_failing=request.GET.get("show") == "failing"),
        "only_failing": request.GET.get("show") == "failing",
        "may_retry": may_manage and is_live,
    }
    return render(request, "xero_sync/sync_health.html", context)


@_require_seeing
@require_safe
def as_csv(request: access.SignedInRequest) -> HttpResponse:
    """Give the same lists as a file."""
    health = sync_health.of_connection(connection_of(request.portal), now=timezone.now())
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="xero-sync-health.csv"'
    writer = csv.writer(response)
    writer.writerow(_HEAD)
    for _key, title, rows in _lists(health, only_failing=request.GET.get("show") == "failing"):
        for row in rows:
            cells = [title, row.what, row.count, row.why, row.to_do, row.diagnostics]
            writer.writerow(map(csv_text.harmless, cells))
    return response


@_require_managing
@require_POST
def retry(request: access.SignedInRequest) -> HttpResponse:
    """Let one document that could not be saved be fetched again, or all of them."""
    connection = connection_of(request.portal)
    if connection is None or connection.state not in LIVE:
        messages.info(request, "Xero is not connected, so nothing can be tried again now.")
        return redirect("xero_health")
    chosen = request.POST.get("row", "")
    is_number = chosen.isascii() and chosen.isdigit() and len(chosen) < 19
    if chosen != "all" and not is_number:
        messages.info(request, "Choose what to try again.")
        return redirect("xero_health")
    count = manual_retries.ask_again(
        connection=connection,
        row_id=int(chosen) if is_number else None,
        by=request.user,
        now=timezone.now(),
    )
    if count:
        words = "1 document is" if count == 1 else f"{count:,} documents are"
        messages.success(request, f"{words} fetched again now. Look again in a few seconds.")
    else:
        messages.info(request, "There is nothing to try again: it is saved, or has no id in Xero.")
    return redirect("xero_health")


def _lists(
    health: sync_health.Health, *, only_failing: bool
) -> list[tuple[str, str, list[sync_health.Row]]]:
    failing = ("failing", "Failing, and what to do", health.failing)
    if only_failing:
        return [failing]
    return [
        failing,
        ("left-out", "Left out, and why", health.left_out),
        ("in-sync", "In sync", health.in_sync),
    ]
