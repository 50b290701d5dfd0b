"""A contact that a learner of another portal has, given free once that portal is gone.

Two portals on one organisation in Xero never write over each other's contacts. Where one of them
has disconnected for good, what it left would keep the other from its own learners for ever; so a
person of the other may lift such a hold.
"""

import dataclasses
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from connected_apps import audit
from connected_apps.models import XERO, Connection, Organisation, State
from invoices.models import (
    Contact,
    ContactDecision,
    ContactLink,
    ContactLinkChange,
    LinkChange,
    LinkSource,
)
from invoices.rules.identity import Why
from lrm.models import User
from xero_sync.models import ContactPush, PushState
from xero_sync.store import contact_links, contact_merges, link_history, pair_standing
from xero_sync.store.link_decisions import NotPossible

# In every other state a connection may go on, if only once somebody has mended it.
_ENDED = (State.NOT_CONNECTED, State.DISCONNECTED_IN_XERO, State.DISCONNECTED_HERE)
# Who acts is not told to the other portal.
_SOMEBODY = "Somebody of another portal"


class PortalStillConnected(NotPossible):
    """The portal whose learner has the contact is connected to the organisation."""


def release_other_portal(
    *, organisation: Organisation, contact_id: UUID, by: User, now: datetime
) -> list[ContactLinkChange]:
    """End what holds a contact for other portals; return the lines in their histories.

    Their pushes forget the contact, too. Nothing happens where none of them holds it.

    :raises PortalStillConnected: one of them is connected, or could be again by itself.
    :raises NotPossible: one that did not hold it would at once, by a merge in Xero.
    """
    others = Organisation.objects.filter(tenant_id=organisation.tenant_id).exclude(
        pk=organisation.pk
    )
    with transaction.atomic():
        # Before the lock, as whoever stores what was fetched takes them; none connects meanwhile.
        connections = list(
            Connection.objects.select_for_update(of=("self",))
            .filter(organisation__in=others, app=XERO)
            .order_by("pk")
        )
        contact_links.hold([organisation.tenant_id])
        # What was merged into it holds it, too.
        merges = contact_merges.around(organisation.pk, [contact_id])
        contact_ids = [contact_id, *merges.losers_of(contact_id)]
        links = _links(others, contact_ids)
        pushes = _pushes(organisation, others, contact_ids)
        holding = {link.organisation.portal_id for link in links}
        holding.update(push.learner.portal_id for push in pushes)
        alive = {each.portal_id for each in connections if _is_alive(each)}
        if holding & alive:
            raise PortalStillConnected(
                "The portal that has this contact is connected to the organisation. "
                "Somebody there must give the contact up."
            )
        lines = [_end(link, now=now) for link in links]
        for push in pushes:
            ContactPush.objects.filter(pk=push.pk).update(
                state=PushState.PENDING, contact_xero_id=None, known_as=None, sent_digest=None
            )
        if holding:
            _audit(organisation, by=by, now=now)
        # What is left of theirs, such as a link by number to what was merged, takes nothing back.
        gone = others.exclude(portal_id__in=alive).values_list("pk", flat=True)
        contact_links.follow_decision(organisation, contact_ids, now=now, let_go=set(gone))
        if _links(others, contact_ids):
            raise NotPossible(
                "A learner of another portal would have this contact at once, because accounts "
                "merged that learner's into it in Xero. Somebody there must give the contact up."
            )
    return lines


def _is_alive(connection: Connection) -> bool:
    """Return whether a connection stands; one that is being made counts as what it was before."""
    state = connection.state
    if state == State.CONNECTING:
        state = connection.state_before or State.NOT_CONNECTED
    return state not in _ENDED


def _links(others: QuerySet[Organisation], contact_ids: list[UUID]) -> list[ContactLink]:
    links = ContactLink.objects.filter(
        organisation__in=others,
        contact_xero_id__in=contact_ids,
        source__in=(LinkSource.PUSHED, LinkSource.PERSON),
    )
    return list(links.select_related("organisation").order_by("pk"))


def _pushes(
    organisation: Organisation, others: QuerySet[Organisation], contact_ids: list[UUID]
) -> list[ContactPush]:
    """Return the pushes of other portals that write to the contacts, or may have made them."""
    contacts = Contact.objects.filter(organisation=organisation, xero_id__in=contact_ids)
    numbers = contacts.exclude(contact_number="").values_list("contact_number", flat=True)
    is_meant = Q(contact_xero_id__in=contact_ids) | Q(
        contact_xero_id=None, known_as__number__in=list(numbers)
    )
    pushes = ContactPush.objects.filter(
        is_meant,
        state__in=(PushState.PENDING, PushState.SENT),
        learner__portal__organisations__in=others,
    )
    return list(pushes.select_related("learner").order_by("pk"))


def _end(link: ContactLink, *, now: datetime) -> ContactLinkChange:
    before = pair_standing.of(link.organisation, link.learner_id, link.contact_xero_id)
    ContactDecision.objects.filter(
        organisation=link.organisation,
        learner_id=link.learner_id,
        contact_xero_id=link.contact_xero_id,
    ).delete()
    link.delete()
    return link_history.note(
        organisation=link.organisation,
        learner_id=link.learner_id,
        contact_id=link.contact_xero_id,
        change=LinkChange.ENDED,
        source=link.source,
        why=Why.RELEASED,
        by=None,
        by_name=_SOMEBODY,
        now=now,
        before=dataclasses.asdict(before),
    )


def _audit(organisation: Organisation, *, by: User, now: datetime) -> None:
    audit.record(
        portal=organisation.portal,
        app=XERO,
        action="CONTACT_TAKEN_OVER",
        by=by,
        now=now,
        detail="A contact in Xero that a portal had which is not connected any more",
        organisation_name=organisation.name,
    )
