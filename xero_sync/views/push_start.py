"""The page that says what sending learners to Xero would do, and on which a person starts it.

It works without script; with it, the page shows by itself when all contacts are read.
"""

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from connected_apps.models import Connection, Organisation
from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from invoices.models import Contact
from lrm import access, permissions
from lrm.models import Portal
from xero_sync.contacts import dry_run, gaps, push_gate, push_start
from xero_sync.models import ContactPush, PushState
from xero_sync.pull import gc_tuning
from xero_sync.status import start_words

_require_managing = access.require(
    permissions.may_manage_connected_apps,
    explanation="Starting to send learners to Xero is for portal admins with an LRM role.",
)

# The part of the page that asks for itself again, by what it is about, and how it is drawn.
_LIVE = {"reading": "contacts-reading", "started": "push-states"}
_PARTS = {"reading": "contacts_reading.html", "started": "push_states.html"}


@_require_managing
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: access.SignedInRequest) -> HttpResponse:
    """Show what would happen, or start it."""
    return _start(request) if request.method == "POST" else _show(request)


def _start(request: access.SignedInRequest) -> HttpResponse:
    seen = request.POST.get("organisation", "")
    try:
        started = push_start.start(
            portal=request.portal,
            organisation_id=int(seen) if seen.isascii() and seen.isdigit() else 0,
            by=request.user,
            now=timezone.now(),
        )
    except push_start.NotPossible as reason:
        messages.error(request, str(reason))
        return redirect("contacts_start")
    if started is None:
        messages.info(request, "Nothing was changed: this was started before.")
    else:
        messages.success(request, "Started. Learners who are ticked go to Xero from now on.")
    return redirect("contacts_start")


def _show(request: access.SignedInRequest) -> HttpResponse:
    context = _context(request.portal)
    if request.htmx and not request.htmx.history_restore_request:
        return _live_part(request, context)
    if context["stage"] == "ready":
        context |= _found(request.portal, context["organisation"])
    return render(request, "xero_sync/push_start.html", context)


def _live_part(request: access.SignedInRequest, context: dict[str, Any]) -> HttpResponse:
    """Return what moves by itself; where that is over, have the page load anew."""
    if request.htmx.target == _LIVE.get(context["stage"]):
        return render(request, f"xero_sync/{_PARTS[context['stage']]}", context)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


def _context(portal: Portal) -> dict[str, Any]:
    connection = connection_of(portal)
    organisation = connection.organisation if connection else None
    stage = _stage(connection, organisation)
    context: dict[str, Any] = {"organisation": organisation, "stage": stage}
    if organisation is not None and stage == "started":
        context |= {"started": push_gate.start_of(organisation), "states": _states(portal)}
    elif organisation is not None:
        context["read"] = Contact.objects.filter(organisation=organisation).count()
    return context


def _stage(connection: Connection | None, organisation: Organisation | None) -> str:
    if connection is None or organisation is None or connection.state not in LIVE:
        return "not connected"
    if push_gate.is_open(organisation):
        return "started"
    return "ready" if push_gate.contacts_are_read(organisation) else "reading"


def _states(portal: Portal) -> list[tuple[str, int]]:
    """Return how many ticked learners stand how, in words."""
    pushes = ContactPush.objects.filter(learner__portal=portal, learner__sync_to_xero=True)
    found: dict[str, int] = dict(pushes.order_by().values_list("state").annotate(Count("pk")))
    on_their_way = found.get(PushState.PENDING, 0) + found.get(PushState.SENT, 0)
    return [
        ("In Xero", found.get(PushState.DONE, 0)),
        ("On their way", on_their_way),
        ("Waiting for an answer", found.get(PushState.QUESTION, 0)),
        ("Refused by Xero", found.get(PushState.REFUSED, 0)),
    ]


def _found(portal: Portal, organisation: Organisation) -> dict[str, Any]:
    with gc_tuning.set_for_walks():
        found = dry_run.run(organisation=organisation)
    return {
        "found": found,
        "groups": start_words.groups(organisation, found),
        "calls": start_words.calls(found),
        "gaps": gaps.counts(portal),
        "unticked": portal.learners.filter(sync_to_xero=False).count(),
    }
