"""What a contact in Xero has that a push would replace: told before learners are sent at all.

Asked of the same code that makes the push's request, so that the two cannot disagree. What Xero
has nothing for is only added, and not told; nor is what Xero keeps in other words but would be left
alone, such as a phone in three parts. Name, number and e-mail address are the dry run's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from connected_apps.models import Organisation
from invoices.models import Contact
from lrm.models import Learner
from xero_sync.contacts import contact_fields, contact_overlay

# How many learners and contacts are held in memory at once.
_AT_ONCE = 1000
_NAMES = {"FirstName": "given name", "LastName": "family name"}
_LISTS = {"Phones": ("PhoneType", "phone"), "Addresses": ("AddressType", "address")}


def replaced(learner: Learner, there: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a contact has and a push of the learner would replace, in people's words.

    :param there: the contact in Xero's own JSON; a list may be missing or None.
    """
    sent = contact_overlay.over(contact_fields.contact_of(learner), there)
    names = [
        words
        for member, words in _NAMES.items()
        if there.get(member) and there[member] != sent.get(member, there[member])
    ]
    lists = [
        words
        for member, (key, words) in _LISTS.items()
        if any(
            _loses(contact_overlay.elements(there, member), whole, key)
            for whole in sent.get(member, [])
        )
    ]
    return (*names, *lists)


def _loses(theirs: Sequence[Mapping[str, Any]], whole: Mapping[str, str], key: str) -> bool:
    """Return whether an element that is there has anything that the one that is sent has not."""
    old = next((one for one in theirs if one.get(key) == whole[key]), {})
    return any(value and whole.get(name, "") != value for name, value in old.items())


def of_learners(
    organisation: Organisation, contact_ids: Mapping[int, UUID]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each learner and what of its contact would be replaced.

    :param contact_ids: of each learner the contact that it would be written to.
    """
    pairs = list(contact_ids.items())
    for at in range(0, len(pairs), _AT_ONCE):
        some = pairs[at : at + _AT_ONCE]
        learners = organisation.portal.learners.in_bulk([learner_id for learner_id, _ in some])
        contacts = _parts(organisation, [contact_id for _, contact_id in some])
        for learner_id, contact_id in some:
            if learner_id in learners and contact_id in contacts:
                yield learner_id, replaced(learners[learner_id], contacts[contact_id])


def _parts(organisation: Organisation, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the parts of contacts that are looked at, and no more of what Xero says of them."""
    members = (*_NAMES, *_LISTS)
    rows = Contact.objects.filter(organisation=organisation, xero_id__in=ids)
    return {
        xero_id: dict(zip(members, values, strict=True))
        for xero_id, *values in rows.values_list("xero_id", *(f"raw__{one}" for one in members))
    }
