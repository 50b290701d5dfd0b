"""Who linked whom, when and why: of the whole organisation, or of one row of the contacts page."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm import access, permissions
from xero_sync.contact_tabs import histories, holds, sides
from xero_sync.contact_tabs.tabs import Key, key_of
from xero_sync.views import contacts


@contacts.require_seeing
@require_safe
def show(request: access.SignedInRequest, key: str = "") -> HttpResponse:
    """Show what people did, or all that was done to a row. With htmx the lines alone."""
    connection = connection_of(request.portal)
    organisation = connection.organisation if connection else None
    wanted = key_of(key) if key else None
    if key and (organisation is None or wanted is None):
        raise Http404
    before = _cursor(request.GET.get("before", ""))
    context: dict[str, Any] = {
        "where": contacts.where_of(request.GET),
        "may_act": connection is not None
        and connection.state in LIVE
        and permissions.may_manage_connected_apps(request.user),
        "sees_learners": permissions.may_see_learners(request.user),
        "key": key,
        "history": histories.Lines([], None),
    }
    if organisation is not None and wanted is not None:
        learner, contact = _sides(request, organisation.pk, wanted)
        context |= {"learner": learner, "contact": contact}
        context["history"] = histories.of_key(organisation, wanted, before=before)
    elif organisation is not None:
        context["history"] = histories.of_people(organisation, before=before)
    # Within a row it is a part of that page's form.
    is_part = bool(request.htmx) and not request.htmx.history_restore_request
    context["is_part"] = is_part
    name = "contact_history_lines" if is_part else "contact_history"
    return render(request, f"xero_sync/{name}.html", context)


def _sides(request: access.SignedInRequest, organisation_id: int, key: Key) -> tuple[Any, Any]:
    """Return the learner and the contact of a key; None for a contact that is not to be seen.

    :raises Http404: one of them is not of this portal.
    """
    learner = request.portal.learners.filter(pk=key.learner_id or 0).first()
    organisation = request.portal.organisations.get(pk=organisation_id)
    found = sides.contacts_of(organisation, [key.contact_id] if key.contact_id else [])
    contact = next(iter(found.values()), None)
    if (key.learner_id and learner is None) or (key.contact_id and contact is None):
        raise Http404
    if contact is not None and holds.is_not_to_be_seen(organisation, contact.xero_id):
        contact = None
    return learner, contact


def _cursor(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
