"""What the rule of identity looks at, read from the database for many pairs at once.

A pair is a learner and a contact that may be the same person: their numbers are equal, or a link
by number stands. The rule itself is `invoices.rules.identity`.

Every query names what it looks for by an index and in one array: a thousand contacts come at a
time, into tables that PostgreSQL may have no statistics of yet.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from invoices.models import Contact, LinkSource
from invoices.rules import identity
from lrm.models import Learner

ACTIVE = "ACTIVE"
# Its person asked to be forgotten (GDPR); Xero takes nothing for it any more.
ERASED = "GDPRREQUEST"


@dataclass(frozen=True, slots=True)
class Row:
    """A learner and a contact as the database has them."""

    learner_id: int
    contact_xero_id: UUID
    learner: identity.LearnerFacts
    contact: identity.ContactFacts

    @property
    def ids(self) -> tuple[int, UUID]:
        """Who the two are."""
        return self.learner_id, self.contact_xero_id


@dataclass(frozen=True, slots=True)
class Link:
    """A link that stands, in any portal on the organisation in Xero."""

    learner_id: int
    contact_xero_id: UUID
    organisation_id: int
    source: str
    evidence: str
    number: str = ""

    @property
    def is_merged(self) -> bool:
        """Whether it follows a merge in Xero: a person's word, but said there."""
        return self.evidence == identity.Why.MERGED.value

    @property
    def is_derived(self) -> bool:
        """Whether it stands for as long as the rule upholds it."""
        return self.source == LinkSource.NUMBER or self.is_merged


def learner_facts(learner: Learner) -> identity.LearnerFacts:
    """Return what the rule looks at in a learner."""
    return identity.LearnerFacts(
        number=learner.number,
        given_name=learner.given_name,
        family_name=learner.family_name,
        email=learner.email,
    )


def contact_facts(contact: Contact) -> identity.ContactFacts:
    """Return what the rule looks at in a mirrored contact."""
    raw = contact.raw if isinstance(contact.raw, dict) else {}
    first, last = (raw.get(name) for name in ("FirstName", "LastName"))
    return identity.ContactFacts(
        number=contact.contact_number,
        name=contact.name,
        first_name=first if isinstance(first, str) else "",
        last_name=last if isinstance(last, str) else "",
        email=contact.email,
        is_active=contact.status == ACTIVE,
        is_erased=contact.status == ERASED,
        is_merged=contact.merged_to_xero_id is not None and contact.status != ACTIVE,
    )


def contacts(
    organisation: Organisation, contact_ids: Iterable[UUID]
) -> dict[UUID, identity.ContactFacts]:
    """Return what the rule looks at in these contacts, as far as they are mirrored."""
    return _contacts(organisation.pk, "xero_id", contact_ids)


def rows_of_contacts(organisation: Organisation, contact_ids: Sequence[str | UUID]) -> list[Row]:
    """Return the pairs in which one of these contacts is."""
    contacts = _contacts(organisation.pk, "xero_id", contact_ids)
    numbers = {facts.number for facts in contacts.values() if facts.number}
    learners = _learners(organisation.portal_id, "number", numbers)
    links = _links_by_number(organisation.pk, "contact_xero_id", list(contacts))
    others = {learner_id for learner_id, _ in links} - set(learners)
    learners |= _learners(organisation.portal_id, "id", others)
    return _pairs(learners, contacts, links)


def rows_of_learners(organisation: Organisation, learner_ids: Sequence[int]) -> list[Row]:
    """Return the pairs in which one of these learners is."""
    learners = _learners(organisation.portal_id, "id", learner_ids)
    numbers = {facts.number for facts in learners.values() if facts.number}
    contacts = _contacts(organisation.pk, "contact_number", numbers)
    links = _links_by_number(organisation.pk, "learner_id", learner_ids)
    others = {contact_id for _, contact_id in links} - set(contacts)
    contacts |= _contacts(organisation.pk, "xero_id", others)
    return _pairs(learners, contacts, links)


def rows_of_pairs(organisation: Organisation, ids: Sequence[tuple[int, UUID]]) -> list[Row]:
    """Return these pairs, as far as both are known."""
    learners = _learners(organisation.portal_id, "id", {learner_id for learner_id, _ in ids})
    contacts = _contacts(organisation.pk, "xero_id", {contact_id for _, contact_id in ids})
    return [
        Row(learner_id, contact_id, learners[learner_id], contacts[contact_id])
        for learner_id, contact_id in ids
        if learner_id in learners and contact_id in contacts
    ]


def _pairs(
    learners: dict[int, identity.LearnerFacts],
    contacts: dict[UUID, identity.ContactFacts],
    links: Iterable[tuple[int, UUID]],
) -> list[Row]:
    by_number: dict[str, list[int]] = defaultdict(list)
    for learner_id, facts in learners.items():
        by_number[facts.number].append(learner_id)
    ids = dict.fromkeys(
        (learner_id, contact_id)
        for contact_id, facts in contacts.items()
        if facts.number
        for learner_id in by_number.get(facts.number, ())
    )
    ids |= dict.fromkeys(pair for pair in links if pair[0] in learners and pair[1] in contacts)
    return [
        Row(learner_id, contact_id, learners[learner_id], contacts[contact_id])
        for learner_id, contact_id in ids
    ]


# By the column of an index, in one array.
_CONTACTS = """
    SELECT xero_id, contact_number, name, COALESCE(raw ->> 'FirstName', ''),
           COALESCE(raw ->> 'LastName', ''), email, status, merged_to_xero_id IS NOT NULL
      FROM invoices_contact WHERE organisation_id = %s AND
"""
_LEARNERS = """
    SELECT id, number, given_name, family_name, email FROM lrm_learner WHERE portal_id = %s AND
"""
_LINKS = """
    SELECT learner_id, contact_xero_id FROM invoices_contactlink
     WHERE source = 'NUMBER' AND organisation_id = %s AND
"""
_AMONG = {
    "xero_id": "xero_id = ANY(%s::uuid[])",
    "contact_xero_id": "contact_xero_id = ANY(%s::uuid[])",
    "contact_number": "contact_number = ANY(%s::text[])",
    "number": "number = ANY(%s::text[])",
    "id": "id = ANY(%s::bigint[])",
    "learner_id": "learner_id = ANY(%s::bigint[])",
}


def _contacts(
    organisation_id: int, column: str, wanted: Iterable[Any]
) -> dict[UUID, identity.ContactFacts]:
    return {
        xero_id: identity.ContactFacts(
            number=number,
            name=name,
            first_name=first,
            last_name=last,
            email=email,
            is_active=status == ACTIVE,
            is_erased=status == ERASED,
            is_merged=is_merged and status != ACTIVE,
        )
        for xero_id, number, name, first, last, email, status, is_merged in select(
            _CONTACTS + _AMONG[column], organisation_id, wanted
        )
    }


def _learners(
    portal_id: int, column: str, wanted: Iterable[Any]
) -> dict[int, identity.LearnerFacts]:
    return {
        learner_id: identity.LearnerFacts(
            number=number, given_name=given, family_name=family, email=email
        )
        for learner_id, number, given, family, email in select(
            _LEARNERS + _AMONG[column], portal_id, wanted
        )
    }


def _links_by_number(
    organisation_id: int, column: str, wanted: Iterable[Any]
) -> list[tuple[int, UUID]]:
    return select(_LINKS + _AMONG[column], organisation_id, wanted)


def select(statement: str, owner_id: int, wanted: Iterable[Any]) -> list[Any]:
    if not (names := list(wanted)):
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, [owner_id, names])
        return list(cursor.fetchall())
