"""The Connected Apps page, with a card for each app, and the live part of Xero's."""

import logging
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from connected_apps import registry
from connected_apps.card import app_card, card, xero_card
from lrm import access, permissions

logger = logging.getLogger(__name__)


@require_safe
@access.require(permissions.may_see_settings)
def show(request: access.SignedInRequest) -> HttpResponse:
    """Show the apps with their states; people without the right see the states and who can act."""
    now = timezone.now()
    if not permissions.may_see_connected_apps(request.user):
        context = {
            "apps": [(app, app_card.standing_of(app, request, now)) for app in registry.all_apps()],
            "people_who_may": access.people_with(
                permissions.may_manage_connected_apps, portal=request.portal
            ),
        }
        return render(request, "connected_apps/state_only.html", context, status=403)
    cards = [_card_of(app, request, now) for app in registry.apps_for(request.user)]
    return render(request, "connected_apps/page.html", {"cards": cards})


@require_safe
@access.require(permissions.may_see_connected_apps)
def live_part(request: access.SignedInRequest) -> HttpResponse:
    """Answer what the open page lacks: nothing, its figures, or the whole card with its state.

    The buttons around the figures depend on the state. Where it has moved the whole card is
    swapped, whose parts keep their ids and so the keyboard's focus, and the new state is spoken.
    """
    now = timezone.now()
    xero = card.card_of(portal=request.portal, user=request.user, now=now)
    context = xero_card.live_context_of(xero)
    seen = request.GET.get("seen")
    if request.htmx and seen is not None and seen != xero.mark:
        whole = xero_card.context_of(request, now=now)
        response = render(request, "connected_apps/card_moved.html", whole)
        response["HX-Retarget"] = "#xero-card"
        response["HX-Reswap"] = "outerHTML"
        return response
    if request.GET.get("shown") == context["digest"]:
        return HttpResponse(status=204)
    return render(request, "connected_apps/live_news.html", {**context, "is_news": True})


def _card_of(
    app: registry.ConnectedApp, request: access.SignedInRequest, now: datetime
) -> SafeString:
    """Return the card of an app; one that cannot be drawn keeps no other from being shown."""
    try:
        return app.card(request, now)
    except Exception:
        logger.exception("The card of %s cannot be drawn", app.name)
        return render_to_string("connected_apps/card_fails.html", {"app": app}, request)
