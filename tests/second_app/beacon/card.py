"""The card of Beacon on the Connected Apps page."""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from beacon import connecting
from beacon.models import KEY, BeaconKey
from connected_apps.card import app_card
from lrm import access, sealed_values
from lrm.models import Portal


def render(request: access.SignedInRequest, now: datetime) -> SafeString:
    """Return the card as HTML."""
    context = app_card.context_of(connecting.NAME, request, now=now)
    context["ending"] = _ending_of(request.portal)
    return render_to_string("beacon/card.html", context, request)


def _ending_of(portal: Portal) -> str:
    """Return the last four letters of the key, by which people tell it from another.

    Empty where there is none, or none that the keys of this installation open.
    """
    row = BeaconKey.objects.filter(portal=portal).first()
    try:
        return KEY.read(row)[-4:] if row else ""
    except sealed_values.CannotOpen:
        return ""
