"""The card of Xero as HTML, and Xero as one of the connected apps."""

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from connected_apps import registry
from connected_apps.card import card, facts, wording
from connected_apps.models import XERO
from connected_apps.oauth import encryption
from lrm import access

_ACTS = {
    "RESYNC_REQUESTED": "Re-sync started",
    "RESYNC_ENDED": "Re-sync finished",
    "RESYNC_CANCELLED": "Re-sync cancelled",
    "RESYNC_REPLACED": "Re-sync replaced by a longer one",
    "RESYNC_RESUMED": "Re-sync continued",
    "EVENTS_ACTED_ON_AGAIN": "Instant updates fetched again",
}


def register() -> None:
    """Make Xero the first of the connected apps."""
    registry.add(
        registry.ConnectedApp(
            name=XERO,
            title="Xero",
            mark="xero",
            card=render,
            standing=standing,
            sealed=(encryption.GRANTS,),
            acts=_ACTS,
            announcements="xero_events",
            order=10,
        )
    )


def render(request: access.SignedInRequest, now: datetime) -> SafeString:
    """Return the whole card, with its live part and what apps add to it."""
    return render_to_string("connected_apps/card.html", context_of(request, now=now), request)


def standing(request: access.SignedInRequest, now: datetime) -> registry.Standing:
    """Return how Xero stands, for people who see no more of it."""
    xero = card.card_of(portal=request.portal, user=request.user, now=now)
    organisation = xero.connection.organisation if xero.connection else None
    name = organisation.name if organisation else ""
    return registry.Standing(xero.words.look, xero.words.word, name)


def context_of(request: access.SignedInRequest, *, now: datetime) -> dict[str, Any]:
    """Return what the template of the card needs."""
    xero = card.card_of(portal=request.portal, user=request.user, now=now)
    context = {
        **live_context_of(xero),
        "asked_for": wording.permissions_of(" ".join(settings.XERO_SCOPES)),
    }
    connection = xero.connection
    if connection and connection.organisation is not None and xero.group != card.AVAILABLE:
        context["action"] = facts.action_of(request, connection, now=now)
        context["menu"] = facts.menu_of(request, connection, now=now)
        context["panels"] = facts.panels_of(request, connection, now=now)
    return context


def live_context_of(xero: card.Card) -> dict[str, Any]:
    """Return the part that renews itself, and by what an open page says which it shows."""
    inside = render_to_string("connected_apps/live_inside.html", {"card": xero})
    told = render_to_string("connected_apps/facts.html", {"card": xero})
    digest = hashlib.sha256(f"{inside}{told}".encode()).hexdigest()[:16]
    return {"card": xero, "live": inside, "digest": digest}
