"""Contacts of learners that Xero takes no change of, and those that are nobody's to write.

Xero refuses every change of an archived contact, and only its own pages restore one; of a person
who asked to be forgotten nothing is written at all. A learner whose contact is so waits, unless
Xero merged it into another that may be written, or the learner has an active one besides.

A contact that several learners share, such as an employer's, carries no learner's name.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink, LinkSource
from lrm.models import Learner
from xero_sync.models import ContactPush
from xero_sync.store import identity_facts


def writable_links(organisation: Organisation, learners: Sequence[Learner]) -> list[ContactLink]:
    """Return the links of learners to contacts that they may write to, as far as these say."""
    links = _links(organisation, learners)
    contacts = _contacts(organisation, links)
    shared = _shared(organisation, links)
    numbers = {learner.pk: learner.number for learner in learners}
    return [
        link
        for link in links
        if _is_active(contacts.get(link.contact_xero_id))
        and (
            not _is_shared(link, shared)
            or _has_number(contacts.get(link.contact_xero_id), numbers[link.learner_id])
        )
    ]


def of(organisation: Organisation, batch: Iterable[ContactPush]) -> list[ContactPush]:
    """Return the pushes whose noted contact is archived, as far as it is known here."""
    noted = {push.contact_xero_id: push for push in batch if push.contact_xero_id}
    archived = Contact.objects.filter(organisation=organisation, xero_id__in=noted).exclude(
        status=identity_facts.ACTIVE
    )
    return [noted[contact_id] for contact_id in archived.values_list("xero_id", flat=True)]


def own(organisation: Organisation, batch: Sequence[ContactPush]) -> list[tuple[int, UUID]]:
    """Return the archived contacts that are the learners' own, each with its learner."""
    links = _links(organisation, [push.learner for push in batch])
    contacts = _contacts(organisation, links)
    shared = _shared(organisation, links)
    return [
        (link.learner_id, link.contact_xero_id)
        for link in links
        if not _is_active(contacts.get(link.contact_xero_id)) and not _is_shared(link, shared)
    ]


def with_number_elsewhere(organisation: Organisation, batch: Sequence[ContactPush]) -> set[int]:
    """Return the learners whose number an archived contact of theirs keeps.

    Xero gives it to no other contact; the one that they write to goes without.
    """
    links = _links(organisation, [push.learner for push in batch])
    contacts = _contacts(organisation, links)
    numbers = {push.learner_id: push.learner.number for push in batch}
    noted = {push.learner_id: push.contact_xero_id for push in batch}
    return {
        link.learner_id
        for link in links
        if link.contact_xero_id != noted[link.learner_id]
        and not _is_active(contact := contacts.get(link.contact_xero_id))
        and _has_number(contact, numbers[link.learner_id])
    }


def _links(organisation: Organisation, learners: Iterable[Learner]) -> list[ContactLink]:
    ids = [learner.pk for learner in learners]
    links = ContactLink.objects.filter(organisation=organisation, learner_id__in=ids)
    return list(links.order_by("pk"))


def _contacts(organisation: Organisation, links: Iterable[ContactLink]) -> dict[UUID, Contact]:
    contacts = Contact.objects.filter(
        organisation=organisation, xero_id__in={link.contact_xero_id for link in links}
    )
    return {contact.xero_id: contact for contact in contacts.defer("raw", "digest")}


def _is_active(contact: Contact | None) -> bool:
    """Return whether a contact is active; one that is not stored yet was made just now."""
    return contact is None or contact.status == identity_facts.ACTIVE


def _has_number(contact: Contact | None, number: str) -> bool:
    return contact is not None and contact.contact_number == number


def _shared(organisation: Organisation, links: Iterable[ContactLink]) -> set[UUID]:
    """Return the contacts to which more than one learner of the portal is linked."""
    linked: dict[UUID, set[int]] = defaultdict(set)
    ids = {link.contact_xero_id for link in links}
    everybodys = ContactLink.objects.filter(organisation=organisation, contact_xero_id__in=ids)
    for contact_id, learner_id in everybodys.values_list("contact_xero_id", "learner_id"):
        linked[contact_id].add(learner_id)
    return {contact_id for contact_id, learner_ids in linked.items() if len(learner_ids) > 1}


def _is_shared(link: ContactLink, shared: set[UUID]) -> bool:
    """Return whether a link is to what several share, by a person's word or a merge alone."""
    return link.contact_xero_id in shared and link.source == LinkSource.PERSON
