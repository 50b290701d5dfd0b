"""Who alone may write to a contact: for whom it was made first, or who goes there first.

Of another portal on the same organisation in Xero also whom a person linked to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from connected_apps.models import Organisation
from invoices.models import ContactLink, LinkSource
from invoices.rules import identity
from xero_sync.contacts import push_gate
from xero_sync.contacts.obstacles import OPEN
from xero_sync.models import ContactPush, PushState


@dataclass(frozen=True, slots=True)
class Owner:
    """The learner who alone may write to a contact."""

    learner_id: int
    is_of_another_portal: bool = False

    @property
    def why(self) -> identity.Why:
        """Why others may not."""
        if self.is_of_another_portal:
            return identity.Why.OTHER_PORTAL
        return identity.Why.OTHER_LEARNER

    def is_(self, push: ContactPush) -> bool:
        """Whether the push is the owner's."""
        return self.learner_id == push.learner_id


def by_link(organisation: Organisation, contact_ids: Iterable[UUID] | None) -> dict[UUID, Owner]:
    """Return who owns these contacts, or all, by a link: the first for whom each was made."""
    owned = ContactLink.objects.filter(
        Q(source=LinkSource.PUSHED)
        | (Q(source=LinkSource.PERSON) & ~Q(organisation_id=organisation.pk)),
        organisation__tenant_id=organisation.tenant_id,
    )
    if contact_ids is not None:
        owned = owned.filter(contact_xero_id__in=list(contact_ids))
    owners: dict[UUID, Owner] = {}
    # What was made or written counts before what a person said: PUSHED before PERSON.
    for contact_id, learner_id, organisation_id in owned.order_by("-source", "id").values_list(
        "contact_xero_id", "learner_id", "organisation_id"
    ):
        owners.setdefault(contact_id, Owner(learner_id, organisation_id != organisation.pk))
    return owners


def owners_of(organisation: Organisation, contact_ids: Sequence[UUID] | None) -> dict[UUID, Owner]:
    """Return who owns these contacts, or all: by a link, else the first push on its way there.

    What waits for another portal's start is not on its way yet.
    """
    owners = by_link(organisation, contact_ids)
    goes = Q(learner__portal=organisation.portal_id) | Q(
        learner__portal__in=push_gate.started_portals()
    )
    under_way = ContactPush.objects.filter(
        (Q(learner__sync_to_xero=True) & goes) | Q(state=PushState.SENT),
        state__in=OPEN,
        contact_xero_id__isnull=False,
    )
    if contact_ids is not None:
        under_way = under_way.filter(contact_xero_id__in=list(contact_ids))
    for contact_id, learner_id, portal_id in under_way.order_by("id").values_list(
        "contact_xero_id", "learner_id", "learner__portal_id"
    ):
        if contact_id is not None:
            owners.setdefault(contact_id, Owner(learner_id, portal_id != organisation.portal_id))
    return owners


def owners_before(organisation: Organisation) -> dict[UUID, tuple[int, identity.Why]]:
    """Return {contact: who alone may write to it, why others may not}, whoever goes next.

    Of this portal only those who have a link: whose push comes first decides about the others.
    """
    owners = {
        contact_id: owner
        for contact_id, owner in owners_of(organisation, None).items()
        if owner.is_of_another_portal
    } | by_link(organisation, None)
    return {contact_id: (owner.learner_id, owner.why) for contact_id, owner in owners.items()}
