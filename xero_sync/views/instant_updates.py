"""Instant updates: what Xero announced, what it did not, and acting once more on what came."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from connected_apps import errors as connection_errors
from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm import access, permissions
from xero_sync import forms
from xero_sync.models import EventState, WebhookEvent
from xero_sync.status import announcement_words
from xero_sync.webhooks import announcements, second_acts

_require_seeing = access.require(
    permissions.may_see_connected_apps,
    explanation="Instant updates are part of Connected Apps, which is for portal admins.",
)
_require_managing = access.require(
    permissions.may_manage_connected_apps,
    explanation="Acting again on instant updates is for portal admins with an LRM role.",
)
_TOO_MANY = (
    "That would take {calls:,} calls to Xero, and at most {most:,} are made for it at once. Choose "
    "a shorter time, or re-sync what changed in Xero between these moments."
)


@_require_seeing
@require_safe
def show(request: access.SignedInRequest) -> HttpResponse:
    """Show thirty days of events, and the form to act on some of them again."""
    return render(request, "xero_sync/instant_updates.html", _context(request))


@_require_managing
@require_POST
def act_again(request: access.SignedInRequest) -> HttpResponse:
    """Have what the events of a time name fetched again."""
    now = timezone.now()
    form = forms.ActAgainForm(request.POST, zone=request.portal.zone, now=now)
    if not form.is_valid():
        return _refused(request, form)
    span = form.cleaned_data["span"]
    try:
        found = second_acts.act_again(
            portal=request.portal, since=span.since, until=span.until, by=request.user, now=now
        )
    except second_acts.TooMany as bound:
        form.add_error(None, _TOO_MANY.format(calls=bound.calls, most=bound.most))
        return _refused(request, form)
    except connection_errors.NotConnected:
        form.add_error(None, "Xero is not connected. Connect it on Connected Apps first.")
        return _refused(request, form)
    level = messages.SUCCESS if found.fetched else messages.INFO
    messages.add_message(request, level, in_words(found))
    return redirect("xero_events")


def in_words(found: second_acts.SecondAct) -> str:
    """Return what acting again came to, in whole sentences."""
    if not found.events:
        return "No instant update was received in this time, so there is nothing to fetch again."
    updates = (
        "1 instant update was" if found.events == 1 else f"{found.events:,} instant updates were"
    )
    words = [f"{updates} received in this time."]
    if found.fetched:
        words.append(
            f"What they name is fetched again, each once: {found.fetched:,} in about "
            f"{found.calls:,} call{'' if found.calls == 1 else 's'} to Xero."
        )
    if found.waiting:
        words.append(f"{found.waiting:,} of what they name wait to be fetched already.")
    return " ".join(words)


def _refused(request: access.SignedInRequest, form: forms.ActAgainForm) -> HttpResponse:
    return render(request, "xero_sync/instant_updates.html", _context(request, form), status=422)


def _context(
    request: access.SignedInRequest, form: forms.ActAgainForm | None = None
) -> dict[str, Any]:
    now = timezone.now()
    connection = connection_of(request.portal)
    organisation = connection.organisation if connection else None
    days = announcements.days_of(organisation=organisation, now=now) if organisation else []
    right = permissions.may_manage_connected_apps
    return {
        "organisation": organisation,
        "is_live": connection is not None and connection.state in LIVE,
        "may_manage": right(request.user),
        "people": access.people_with(right, portal=request.portal),
        "form": form or _empty_form(request),
        "days_count": announcements.DAYS,
        "kept_days": settings.WEBHOOK_DAYS,
        "picture": announcement_words.picture_of(days),
        "kinds": announcement_words.sums_by_kind(days),
        "days": [
            {
                "on": day.on,
                "received": day.received_count,
                "received_words": announcement_words.kinds_in_words(day.received),
                "unannounced": day.unannounced_count,
                "unannounced_words": announcement_words.kinds_in_words(day.unannounced),
            }
            for day in days
            if day.received or day.unannounced
        ],
        "waiting": WebhookEvent.objects.filter(
            organisation=organisation, state=EventState.PENDING
        ).count()
        if organisation
        else 0,
    }


def _empty_form(request: access.SignedInRequest) -> forms.ActAgainForm:
    now = timezone.now()
    today = now.astimezone(request.portal.zone).date()
    initial = {"date_from": today - timedelta(days=1), "date_to": today}
    return forms.ActAgainForm(initial=initial, zone=request.portal.zone, now=now)
