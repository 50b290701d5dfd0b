"""Contacts that belong to a learner of another portal on the same organisation in Xero.

Whose they are is never told, nor which portal: only that they are held, and whether the hold may be
lifted because nobody there is connected to the organisation any more.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from connected_apps.models import Organisation, State
from connected_apps.queries import xero_connections
from invoices import queries
from invoices.models import ContactLink, LinkSource

# In each other state a connection may go on; one that is being made counts as it was before.
_ENDED = ("", State.NOT_CONNECTED, State.DISCONNECTED_IN_XERO, State.DISCONNECTED_HERE)


def of_other_portals(organisation: Organisation, contact_ids: Collection[UUID]) -> dict[UUID, bool]:
    """Return which of these contacts other portals hold, and whether that may be lifted."""
    links = ContactLink.objects.filter(
        organisation__tenant_id=organisation.tenant_id,
        contact_xero_id__in=contact_ids,
        source__in=(LinkSource.PUSHED, LinkSource.PERSON),
    ).exclude(organisation=organisation)
    holders = list(links.values_list("contact_xero_id", "organisation_id"))
    if not holders:
        return {}
    connected = set(
        xero_connections()
        .filter(organisation_id__in={holder for _, holder in holders})
        .exclude(Q(state__in=_ENDED) | Q(state=State.CONNECTING, state_before__in=_ENDED))
        .values_list("organisation_id", flat=True)
    )
    held: dict[UUID, bool] = {}
    for contact_id, holder in holders:
        held[contact_id] = held.get(contact_id, True) and holder not in connected
    return held


def not_to_be_seen(organisation: Organisation, contact_ids: Collection[UUID]) -> set[UUID]:
    """Return those of which nothing is said: learners of other portals that may want them still."""
    theirs = queries.contacts_of_other_portals(contact_ids, organisation=organisation)
    held = of_other_portals(organisation, contact_ids) if theirs else {}
    return {each for each in contact_ids if each in theirs and not held.get(each)}


def is_not_to_be_seen(organisation: Organisation, contact_id: UUID) -> bool:
    """Return whether nothing is said of a contact, see `not_to_be_seen`."""
    return bool(not_to_be_seen(organisation, [contact_id]))
