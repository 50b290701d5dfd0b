"""Linking by search: a contact for a learner, or a learner for a contact.

Whoever is found is shown beside the other side, with what agrees and what differs.
"""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from connected_apps.models import Organisation
from connected_apps.queries import current_organisation
from lrm import access
from lrm.roster import learner_list
from xero_sync.contact_tabs import contact_search, holds, rows, sides, suggestions
from xero_sync.contact_tabs.tabs import Key, Tab, key_of
from xero_sync.views import contacts

_MOST_FOUND = 20


@contacts.require_managing
@require_safe
def find(request: access.SignedInRequest, key: str) -> HttpResponse:
    """Show whom a learner or a contact could be linked with."""
    organisation = current_organisation(request.portal)
    wanted = key_of(key)
    if organisation is None or wanted is None or bool(wanted.learner_id) == bool(wanted.contact_id):
        raise Http404
    where = contacts.where_of(request.GET)
    text = request.GET.get("find", "")[: contacts.MAX_SEARCH].replace("\x00", "").strip()
    if wanted.learner_id is not None:
        found = _contacts_for(request, organisation, wanted.learner_id, text)
    else:
        found = _learners_for(request, organisation, wanted, text)
    context = {
        **found,
        "key": str(wanted),
        "text": text,
        "where": where,
        "back": where.address,
        "fields": where.fields | where.page,
        "query": urlencode(where.fields | where.page),
        "most": _MOST_FOUND,
    }
    return render(request, "xero_sync/contacts_find.html", context)


def _contacts_for(
    request: access.SignedInRequest, organisation: Organisation, learner_id: int, text: str
) -> dict[str, Any]:
    learner = get_object_or_404(request.portal.learners, pk=learner_id)
    if text:
        ids = contact_search.find(organisation, text, most=_MOST_FOUND)
    else:
        facts = {learner.pk: sides.facts_of_learner(learner)}
        suggested = suggestions.for_learners(organisation, facts).get(learner.pk, [])
        ids = [each.key.contact_id for each in suggested if each.key.contact_id]
    keys = [Key(learner.pk, contact_id) for contact_id in ids]
    return {"learner": learner, "found": _rows(request, organisation, keys)}


def _learners_for(
    request: access.SignedInRequest, organisation: Organisation, wanted: Key, text: str
) -> dict[str, Any]:
    contact = sides.contacts_of(organisation, [wanted.contact_id] if wanted.contact_id else [])
    shown = next(iter(contact.values()), None)
    if shown is None or holds.is_not_to_be_seen(organisation, shown.xero_id):
        raise Http404
    if text:
        matching = learner_list.learners_matching(portal=request.portal, text=text)
        ids = list(matching.order_by("id").values_list("pk", flat=True)[:_MOST_FOUND])
    else:
        facts = {shown.xero_id: sides.facts_of_contact(shown)}
        suggested = suggestions.for_contacts(organisation, facts).get(shown.xero_id, [])
        ids = [each.key.learner_id for each in suggested if each.key.learner_id]
    keys = [Key(learner_id, shown.xero_id) for learner_id in ids]
    return {"contact": shown, "found": _rows(request, organisation, keys)}


def _rows(
    request: access.SignedInRequest, organisation: Organisation, keys: list[Key]
) -> list[rows.Row]:
    """Return the pairs compared, with whoever has the contact already."""
    return rows.rows_of(keys, portal=request.portal, organisation=organisation, tab=Tab.LINKED)
