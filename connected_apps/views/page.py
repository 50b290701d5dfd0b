"""The Connected Apps page and its live part."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps.card import card, facts, wording
from lrm import access, permissions


@require_safe
@access.require(permissions.may_see_settings)
def show(request: access.SignedInRequest) -> HttpResponse:
    """Show every app with its state; people without the right see the state and who can act."""
    now = timezone.now()
    xero = card.card_of(portal=request.portal, user=request.user, now=now)
    if not permissions.may_see_connected_apps(request.user):
        return render(request, "connected_apps/state_only.html", {"card": xero}, status=403)
    context = {
        "card": xero,
        "asked_for": wording.permissions_of(" ".join(settings.XERO_SCOPES)),
    }
    connection = xero.connection
    if connection and connection.organisation is not None and xero.group != "available":
        context["actions"] = facts.actions_of(request, connection, now=now)
        context["panels"] = facts.panels_of(request, connection, now=now)
    return render(request, "connected_apps/page.html", context)


@require_safe
@access.require(permissions.may_see_connected_apps)
def live_part(request: access.SignedInRequest) -> HttpResponse:
    """Return state and facts of the card; where the state has moved, have the page load anew.

    The buttons and forms around this part depend on the state. Loading the whole page then, and
    only then, keeps the keyboard's focus where it is while nothing happens.
    """
    xero = card.card_of(portal=request.portal, user=request.user, now=timezone.now())
    response = render(request, "connected_apps/live_part.html", {"card": xero})
    seen = request.GET.get("seen")
    if request.htmx and seen is not None and seen != xero.mark:
        response["HX-Refresh"] = "true"
    return response
