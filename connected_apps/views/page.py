"""The Connected Apps page and its live part."""

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps.card import card, facts, wording
from lrm import access, permissions


@require_safe
@access.require(permissions.may_see_settings)
def show(request: access.SignedInRequest) -> HttpResponse:
    """Show Xero with its state; people without the right see the state and who can act."""
    if not permissions.may_see_connected_apps(request.user):
        xero = card.card_of(portal=request.portal, user=request.user, now=timezone.now())
        return render(request, "connected_apps/state_only.html", {"card": xero}, status=403)
    return render(request, "connected_apps/page.html", _context(request))


@require_safe
@access.require(permissions.may_see_connected_apps)
def live_part(request: access.SignedInRequest) -> HttpResponse:
    """Answer what the open page lacks: nothing, its figures, or the whole card with its state.

    The buttons around the figures depend on the state. Where it has moved the whole card is
    swapped, whose parts keep their ids and so the keyboard's focus, and the new state is spoken.
    """
    xero = card.card_of(portal=request.portal, user=request.user, now=timezone.now())
    context = _live(xero)
    seen = request.GET.get("seen")
    if request.htmx and seen is not None and seen != xero.mark:
        response = render(request, "connected_apps/card_moved.html", _context(request))
        response["HX-Retarget"] = "#xero-card"
        response["HX-Reswap"] = "outerHTML"
        return response
    if request.GET.get("shown") == context["digest"]:
        return HttpResponse(status=204)
    return render(request, "connected_apps/live_news.html", {**context, "is_news": True})


def _context(request: access.SignedInRequest) -> dict[str, Any]:
    now = timezone.now()
    xero = card.card_of(portal=request.portal, user=request.user, now=now)
    context = {
        **_live(xero),
        "asked_for": wording.permissions_of(" ".join(settings.XERO_SCOPES)),
    }
    connection = xero.connection
    if connection and connection.organisation is not None and xero.group != card.AVAILABLE:
        context["action"] = facts.action_of(request, connection, now=now)
        context["menu"] = facts.menu_of(request, connection, now=now)
        context["panels"] = facts.panels_of(request, connection, now=now)
    return context


def _live(xero: card.Card) -> dict[str, Any]:
    """Return the part that renews itself, and by what an open page says which it shows."""
    inside = render_to_string("connected_apps/live_inside.html", {"card": xero})
    told = render_to_string("connected_apps/facts.html", {"card": xero})
    digest = hashlib.sha256(f"{inside}{told}".encode()).hexdigest()[:16]
    return {"card": xero, "live": inside, "digest": digest}
