"""*Check connection*: ask Xero now, and say what it says."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from connected_apps import queries
from connected_apps.lifecycle import refusals
from connected_apps.states import states
from lrm import access, page_calls, permissions


@require_POST
@page_calls.explain_busy
@access.require(
    permissions.may_manage_connected_apps,
    explanation="Checking the connection needs a portal admin who also has an LRM role.",
)
def check(request: access.SignedInRequest) -> HttpResponse:
    """Ask `/connections`, which costs none of the organisation's calls of the day."""
    connection = queries.connection_of(request.portal)
    if connection is None or connection.state not in states.LIVE:
        messages.info(request, "Xero is not connected, so there is nothing to check.")
        return redirect("connected_apps")
    with page_calls.seat():
        refusal = refusals.check_with_xero(connection_id=connection.pk, now=timezone.now())
    if refusal is None:
        messages.success(request, f"Xero confirms the connection to {connection.organisation}.")
    else:
        messages.warning(request, refusal.sentence)
    return redirect("connected_apps")
