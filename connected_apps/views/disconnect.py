"""Disconnecting, after a page that says what it means."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from connected_apps import queries
from connected_apps.lifecycle import disconnecting
from lrm import access, page_calls, permissions

_WHO = "Disconnecting Xero needs a portal admin who also has an LRM role."


@require_http_methods(["GET", "HEAD", "POST"])
@page_calls.explain_busy
@access.require(permissions.may_manage_connected_apps, explanation=_WHO)
def disconnect(request: access.SignedInRequest) -> HttpResponse:
    """Show the confirmation; disconnect when it is posted."""
    connection = queries.connection_of(request.portal)
    if connection is None or not disconnecting.can_disconnect(connection):
        messages.info(request, "Xero is not connected, so there is nothing to disconnect.")
        return redirect("connected_apps")
    if request.method != "POST":
        return render(request, "connected_apps/disconnect.html", {"connection": connection})
    with page_calls.seat():
        outcome = disconnecting.disconnect(
            portal=request.portal,
            by=request.user,
            now=timezone.now(),
            generation=_generation(request.POST.get("generation", "")),
        )
    _say(request, outcome)
    return redirect("connected_apps")


def _generation(text: str) -> int | None:
    """Return what the form says was confirmed; None where it says nothing, -1 for nonsense."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _say(request: access.SignedInRequest, outcome: disconnecting.Outcome) -> None:
    name = outcome.organisation_name
    if not name:
        messages.info(
            request, "The connection was changed meanwhile; the page shows what stands now."
        )
    elif outcome.done_in_xero:
        messages.success(request, f"{name} is disconnected. What was synced is kept.")
    else:
        messages.warning(
            request,
            f"{name} is disconnected here, and what was synced is kept. Xero could not be reached; "
            "the connection is removed there by itself as soon as it answers.",
        )
