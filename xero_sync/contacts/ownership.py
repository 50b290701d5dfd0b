"""Which contact a push writes to, and what stands in its way.

A push notes its contact when it is made (`note_many`), from the links that the rule of identity
upholds at that moment, and keeps it until it is done: a learner that is renumbered or renamed in
between still changes the right contact. Where it has none, a contact is made, unless one in Xero
has the number already: then the rule says whether a person must be asked, or whose it is.

A contact is written by one learner only: by the one for whom it was made first.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from connected_apps.models import Organisation
from connected_apps.queries import connection_of
from invoices.models import Contact, ContactLink, LinkSource
from invoices.rules import identity
from lrm import row_locks
from xero_sync.contacts import archived_contacts, contact_owners
from xero_sync.contacts.obstacles import Obstacle
from xero_sync.models import ContactPush, PushState
from xero_sync.store import contact_links, contact_merges, identity_facts, identity_verdicts

# Which link says first where a learner's contact is, among those that can be written to.
_RANKS: dict[str, int] = {LinkSource.PUSHED: 0, LinkSource.PERSON: 2, LinkSource.NUMBER: 3}
_RANK_OF_MERGED = 1
# What may stand in the way of a number. Where several contacts have it, which is told: rather
# what a person can answer, and what ends by itself.
IN_THE_WAY = (
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


def note_many(
    pushes: Sequence[ContactPush], *, are_new: Collection[ContactPush]
) -> list[ContactPush]:
    """Note, when pushes are made or made again, which contacts are the learners' at this moment.

    :param pushes: of one portal.
    :param are_new: those that were not under way: what they noted before is over.
    :return: those in which something was noted or forgotten, which the caller writes.
    """
    new = {push.pk for push in are_new}
    noting = [p for p in pushes if p.pk in new or not (p.contact_xero_id or p.known_as)]
    if not noting:
        return []
    connection = connection_of(noting[0].learner.portal)
    organisation = connection.organisation if connection else None
    found = _linked(organisation, noting) if organisation else {}
    changed = []
    for push in noting:
        before = push.contact_xero_id, push.known_as
        push.contact_xero_id = found.get(push.learner_id)
        push.known_as = known_as(push) if push.contact_xero_id else None
        if before != (push.contact_xero_id, push.known_as):
            changed.append(push)
    return changed


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
    forget(_shared_meanwhile(organisation, batch))
    found = _linked(organisation, [push for push in batch if push.contact_xero_id is None])
    noted = []
    for push in batch:
        if contact_id := found.get(push.learner_id):
            push.contact_xero_id, push.known_as = contact_id, known_as(push)
            noted.append(push)
    with transaction.atomic():
        row_locks.lock(ContactPush.objects.filter(pk__in=[push.pk for push in noted]))
        ContactPush.objects.bulk_update(noted, ["contact_xero_id", "known_as"])
    owners = contact_owners.owners_of(
        organisation, [p.contact_xero_id for p in batch if p.contact_xero_id]
    )
    return [
        Obstacle(push, push.contact_xero_id, owner.why, owner.learner_id)
        for push in batch
        if push.contact_xero_id
        and (owner := owners.get(push.contact_xero_id))
        and owner.learner_id != push.learner_id
    ]


def _shared_meanwhile(
    organisation: Organisation, batch: Iterable[ContactPush]
) -> list[ContactPush]:
    """Return the pushes whose noted contact has come to carry no learner's name since."""
    noted = {push.learner_id: push for push in batch if push.contact_xero_id}
    return [
        push
        for link in archived_contacts.links_of(organisation, list(noted))
        if link.contact_xero_id == (push := noted[link.learner_id]).contact_xero_id
        and not link.is_writable(push.learner.number)
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
        if each.verdict.why in IN_THE_WAY and not each.may_write
    ]
    without = [push for push in batch if push.contact_xero_id is None]
    in_the_way += [
        (learner_id, contact_id, identity.Why.ARCHIVED)
        for learner_id, contact_id in archived_contacts.own(
            archived_contacts.links_of(organisation, [push.learner_id for push in without])
        )
    ]
    # The last one stays, so that the first of the order above is told.
    in_the_way.sort(key=lambda each: IN_THE_WAY.index(each[2]), reverse=True)
    found = {learner_id: (contact_id, why) for learner_id, contact_id, why in in_the_way}
    owners = contact_owners.owners_of(
        organisation, [contact_id for contact_id, _ in found.values()]
    )
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
    row_locks.lock(ContactPush.objects.filter(pk__in=[push.pk for push in batch]))
    for push in batch:
        facts = facts_of(push)[-1]
        numbered = Contact.objects.filter(organisation=organisation, contact_number=facts.number)
        found = [
            contact.xero_id
            for contact in numbered
            if identity.assess(identity.Pair(facts, _facts(contact))).is_linked
        ]
        owners = contact_owners.by_link(organisation, found)
        mine = [
            each
            for each in found
            if owners.get(each, contact_owners.Owner(push.learner_id)).is_(push)
        ]
        if not mine:
            forget([push])
            continue
        contact_links.make_own(
            organisation=organisation, pairs=[(push.learner_id, mine[0])], now=now
        )
        push.contact_xero_id = mine[0]
        ContactPush.objects.filter(pk=push.pk).update(contact_xero_id=mine[0])


def written_contacts(
    links: Iterable[archived_contacts.OwnLink], numbers: Mapping[int, str]
) -> dict[int, archived_contacts.OwnLink]:
    """Return {learner: the link to the contact to write to}, the one that says most about it.

    :param numbers: {learner: its number}.
    """
    writable = [link for link in links if link.is_writable(numbers[link.learner_id])]
    writable.sort(key=lambda link: (-_rank(link), link.pk))
    return {link.learner_id: link for link in writable}


def _linked(organisation: Organisation, batch: Sequence[ContactPush]) -> dict[int, UUID]:
    numbers = {push.learner_id: push.learner.number for push in batch}
    links = archived_contacts.links_of(organisation, list(numbers)) if numbers else []
    found = written_contacts(links, numbers)
    return {learner_id: link.contact_xero_id for learner_id, link in found.items()}


def _rank(link: archived_contacts.OwnLink) -> int:
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
