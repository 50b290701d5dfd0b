"""Which contact a push writes to, and what stands in its way.

A push notes its contact when it is made (`note`), from the links that the rule of identity upholds
at that moment, and keeps it until it is done: a learner that is renumbered or renamed in between
still changes the right contact. Where it has none, a contact is made, unless one in Xero has the
number already: then the rule says whether a person must be asked, or whose it is.

A contact is written by one learner only: by the one for whom it was made first.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from connected_apps.models import Organisation
from connected_apps.queries import connection_of
from invoices import identity
from invoices.models import Contact, ContactLink, LinkSource
from xero_sync.contacts import archived_contacts
from xero_sync.contacts.obstacles import OPEN, Obstacle
from xero_sync.models import ContactPush, PushState
from xero_sync.store import contact_links, contact_merges, identity_facts, identity_verdicts

# Which link says first where a learner's contact is, among those that can be written to.
_RANKS: dict[str, int] = {LinkSource.PUSHED: 0, LinkSource.PERSON: 2, LinkSource.NUMBER: 3}
_RANK_OF_MERGED = 1
# What may stand in the way of a number. Where several contacts have it, which is told: rather
# what a person can answer, and what ends by itself.
_IN_THE_WAY = (
    identity.Why.MERGED_OTHER,
    identity.Why.MERGED_PORTAL,
    identity.Why.MERGED,
    identity.Why.SHARED_EMAIL,
    identity.Why.NUMBER_ALONE,
    identity.Why.ARCHIVED,
    identity.Why.OTHER_LEARNER,
    identity.Why.REJECTED,
    identity.Why.OTHER_PORTAL,
)


def note(push: ContactPush, *, is_new: bool) -> None:
    """Note, when a push is made or made again, which contact is the learner's at this moment.

    :param is_new: it was not under way: what it noted before is over.
    """
    if not is_new and (push.contact_xero_id or push.known_as):
        return
    connection = connection_of(push.learner.portal)
    organisation = connection.organisation if connection else None
    found = _linked(organisation, [push]) if organisation else {}
    push.contact_xero_id = found.get(push.learner_id)
    push.known_as = known_as(push) if push.contact_xero_id else None
    push.candidate_xero_id, push.candidate_why = None, ""


def known_as(push: ContactPush) -> dict[str, str]:
    """Return the learner as the rule sees it now, to be kept with the push."""
    return dataclasses.asdict(identity_facts.learner_facts(push.learner))


def facts_of(push: ContactPush) -> list[identity.LearnerFacts]:
    """Return the learner as it is, and as it was when the push noted it."""
    now = identity_facts.learner_facts(push.learner)
    return [now, identity.LearnerFacts(**push.known_as)] if push.known_as else [now]


def is_in_doubt(push: ContactPush) -> bool:
    """Return whether a contact was sent to be made, and no reply came."""
    return push.contact_xero_id is None and (
        push.known_as is not None or push.state == PushState.SENT
    )


def number_sent(push: ContactPush) -> str:
    """Return the number under which it may have been made."""
    return str(push.known_as["number"]) if push.known_as else push.learner.number


def own_contacts(organisation: Organisation, batch: Sequence[ContactPush]) -> list[Obstacle]:
    """Let each push know its contact where it has one; return those that may not write to it."""
    forget(archived_contacts.of(organisation, batch))
    found = _linked(organisation, [push for push in batch if push.contact_xero_id is None])
    noted = []
    for push in batch:
        if contact_id := found.get(push.learner_id):
            push.contact_xero_id, push.known_as = contact_id, known_as(push)
            noted.append(push)
    ContactPush.objects.bulk_update(noted, ["contact_xero_id", "known_as"])
    owners = _owners(organisation, [p.contact_xero_id for p in batch if p.contact_xero_id])
    return [
        Obstacle(push, push.contact_xero_id, owner.why, owner.learner_id)
        for push in batch
        if push.contact_xero_id
        and (owner := owners.get(push.contact_xero_id))
        and owner.learner_id != push.learner_id
    ]


def forget(batch: Iterable[ContactPush]) -> None:
    """Let pushes that wrote nothing have no contact, and no doubt, any more."""
    for push in batch:
        push.contact_xero_id = push.known_as = None
        ContactPush.objects.filter(pk=push.pk).update(contact_xero_id=None, known_as=None)


def made_by_us(organisation: Organisation, batch: Sequence[ContactPush]) -> set[int]:
    """Return the learners whose noted contact was made for them, or written before."""
    links = ContactLink.objects.filter(
        organisation=organisation,
        learner_id__in=[push.learner_id for push in batch],
        source=LinkSource.PUSHED,
    )
    known = set(links.values_list("learner_id", "contact_xero_id"))
    return {push.learner_id for push in batch if (push.learner_id, push.contact_xero_id) in known}


def disagreeing(organisation: Organisation, batch: Sequence[ContactPush]) -> list[ContactPush]:
    """Return those whose noted contact, as it is mirrored, the rule does not give to them."""
    contacts = _contacts(organisation, [p.contact_xero_id for p in batch if p.contact_xero_id])
    agreed: set[int] = set()
    for facts in (0, -1):
        rows = [
            identity_facts.Row(
                push.learner_id, contact.xero_id, facts_of(push)[facts], _facts(contact)
            )
            for push in batch
            if (contact := contacts.get(push.contact_xero_id)) is not None
        ]
        agreed.update(
            each.learner_id
            for each in identity_verdicts.candidates(organisation, rows)
            if each.may_write
        )
    return [push for push in batch if push.learner_id not in agreed]


def obstacles(organisation: Organisation, batch: Sequence[ContactPush]) -> list[Obstacle]:
    """Return what is in the way of pushes without a contact, or of a number that Xero refused.

    Another contact that has the number already; what Xero made of their own, where that may not be
    written to; or their own, where it is archived.
    """
    rows = contact_merges.rows_of_learners(organisation, [push.learner_id for push in batch])
    in_the_way = [
        (each.learner_id, each.contact_xero_id, each.verdict.why)
        for each in identity_verdicts.candidates(organisation, rows)
        if each.verdict.why in _IN_THE_WAY and not each.may_write
    ]
    without = [push for push in batch if push.contact_xero_id is None]
    in_the_way += [
        (learner_id, contact_id, identity.Why.ARCHIVED)
        for learner_id, contact_id in archived_contacts.own(organisation, without)
    ]
    # The last one stays, so that the first of the order above is told.
    in_the_way.sort(key=lambda each: _IN_THE_WAY.index(each[2]), reverse=True)
    found = {learner_id: (contact_id, why) for learner_id, contact_id, why in in_the_way}
    owners = _owners(organisation, [contact_id for contact_id, _ in found.values()])
    return [
        Obstacle(
            push,
            contact_id,
            why,
            owners[contact_id].learner_id if contact_id in owners else None,
        )
        for push in batch
        if push.learner_id in found
        for contact_id, why in [found[push.learner_id]]
    ]


def take_made(organisation: Organisation, batch: Sequence[ContactPush], *, now: datetime) -> None:
    """Give pushes whose reply was lost the contact that they made, where it is mirrored now.

    It counts only where name or e-mail is what was sent; of a contact that somebody else holds
    nothing counts. The others are in doubt no more.
    """
    contact_links.hold([organisation.tenant_id])
    for push in batch:
        facts = facts_of(push)[-1]
        numbered = Contact.objects.filter(organisation=organisation, contact_number=facts.number)
        found = [
            contact.xero_id
            for contact in numbered
            if identity.assess(identity.Pair(facts, _facts(contact))).is_linked
        ]
        owners = _links_of_owners(organisation, found)
        mine = [each for each in found if owners.get(each, _Owner(push.learner_id)).is_(push)]
        if not mine:
            forget([push])
            continue
        contact_links.make_own(
            organisation=organisation, pairs=[(push.learner_id, mine[0])], now=now
        )
        push.contact_xero_id = mine[0]
        ContactPush.objects.filter(pk=push.pk).update(contact_xero_id=mine[0])


@dataclass(frozen=True, slots=True)
class _Owner:
    """The learner who alone may write to a contact."""

    learner_id: int
    is_of_another_portal: bool = False

    @property
    def why(self) -> identity.Why:
        if self.is_of_another_portal:
            return identity.Why.OTHER_PORTAL
        return identity.Why.OTHER_LEARNER

    def is_(self, push: ContactPush) -> bool:
        return self.learner_id == push.learner_id


def _links_of_owners(organisation: Organisation, contact_ids: Iterable[UUID]) -> dict[UUID, _Owner]:
    """Return who owns these contacts by a link: the first for whom each was made."""
    owned = ContactLink.objects.filter(
        Q(source=LinkSource.PUSHED)
        | (Q(source=LinkSource.PERSON) & ~Q(organisation_id=organisation.pk)),
        organisation__tenant_id=organisation.tenant_id,
        contact_xero_id__in=list(contact_ids),
    )
    owners: dict[UUID, _Owner] = {}
    # What was made or written counts before what a person said: PUSHED before PERSON.
    for contact_id, learner_id, organisation_id in owned.order_by("-source", "id").values_list(
        "contact_xero_id", "learner_id", "organisation_id"
    ):
        owners.setdefault(contact_id, _Owner(learner_id, organisation_id != organisation.pk))
    return owners


def _owners(organisation: Organisation, contact_ids: Sequence[UUID]) -> dict[UUID, _Owner]:
    """Return who owns these contacts: by a link, else the first push that is on its way there."""
    owners = _links_of_owners(organisation, contact_ids)
    under_way = ContactPush.objects.filter(
        Q(learner__sync_to_xero=True) | Q(state=PushState.SENT),
        state__in=OPEN,
        contact_xero_id__in=list(contact_ids),
    )
    for contact_id, learner_id, portal_id in under_way.order_by("id").values_list(
        "contact_xero_id", "learner_id", "learner__portal_id"
    ):
        if contact_id is not None:
            owners.setdefault(contact_id, _Owner(learner_id, portal_id != organisation.portal_id))
    return owners


def _linked(organisation: Organisation, batch: Sequence[ContactPush]) -> dict[int, UUID]:
    """Return {learner id: the contact to write to}, by the link that says most about it."""
    links = archived_contacts.writable_links(organisation, [push.learner for push in batch])
    links.sort(key=lambda link: (-_rank(link), link.pk))
    return {link.learner_id: link.contact_xero_id for link in links}


def _rank(link: ContactLink) -> int:
    """Return which link comes first: what Xero merged ours into comes right after ours."""
    is_merged = link.evidence == identity.Why.MERGED.value
    return _RANK_OF_MERGED if is_merged else _RANKS[link.source]


def _contacts(
    organisation: Organisation, contact_ids: Iterable[UUID]
) -> dict[UUID | None, Contact]:
    rows = Contact.objects.filter(organisation=organisation, xero_id__in=list(contact_ids))
    return {contact.xero_id: contact for contact in rows}


def _facts(contact: Contact) -> identity.ContactFacts:
    return identity_facts.contact_facts(contact)
