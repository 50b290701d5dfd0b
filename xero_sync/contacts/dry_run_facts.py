"""What the dry run looks at, read from the database for all learners of a portal at once.

Only what is here: no call to Xero, and no write. Each query names what it looks for in one array.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from invoices.models import LinkSource
from invoices.rules import identity, person_names
from xero_sync.contacts import archived_contacts, contact_fields, contact_owners, ownership
from xero_sync.contacts.obstacles import OPEN
from xero_sync.store import contact_merges, identity_facts, identity_verdicts


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """A learner who would be sent, and what its push has noted."""

    learner_id: int
    facts: identity.LearnerFacts
    noted: UUID | None
    # The learner as it was when the contact was noted.
    known_as: identity.LearnerFacts | None

    @property
    def name(self) -> str:
        """The name that Xero would be told."""
        full_name = f"{self.facts.given_name} {self.facts.family_name}".strip()
        return contact_fields.name_of(full_name=full_name)

    @property
    def unique_name(self) -> str:
        """The name that Xero would be told where somebody else has the plain one."""
        full_name = f"{self.facts.given_name} {self.facts.family_name}".strip()
        return contact_fields.name_of(full_name=full_name, suffix=f" ({self.facts.number})")


@dataclass(frozen=True, slots=True)
class Pairing:
    """A contact that a learner may be, and what the rule of identity says of the two."""

    learner_id: int
    contact_id: UUID
    contact: identity.ContactFacts
    verdict: identity.Verdict
    may_write: bool


def learners(organisation: Organisation, *, ticked: bool) -> list[LearnerRow]:
    """Return the portal's learners who are ticked, or who are not, in the order of their turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT learner.id, learner.number, learner.given_name, learner.family_name,
                   learner.email, push.contact_xero_id, push.known_as::text
              FROM lrm_learner learner
              LEFT JOIN xero_sync_contactpush push
                ON push.learner_id = learner.id AND push.state = ANY(%s)
             WHERE learner.portal_id = %s AND learner.sync_to_xero = %s
             ORDER BY push.id, learner.id
            """,
            [[str(state) for state in OPEN], organisation.portal_id, ticked],
        )
        rows = cursor.fetchall()
    return [
        LearnerRow(
            learner_id,
            identity.LearnerFacts(number=number, given_name=given, family_name=family, email=email),
            noted,
            identity.LearnerFacts(**json.loads(known_as)) if known_as else None,
        )
        for learner_id, number, given, family, email, noted, known_as in rows
    ]


class Facts:
    """All that is known of these learners' contacts."""

    def __init__(self, organisation: Organisation, rows: Sequence[LearnerRow]) -> None:
        self._organisation = organisation
        numbers = {row.learner_id: row.facts.number for row in rows}
        links = archived_contacts.links_of(organisation, list(numbers))
        linked = ownership.written_contacts(links, numbers)
        noted = {row.learner_id: row.noted for row in rows if row.noted}
        self.contacts = identity_facts.contacts(
            organisation, {*noted.values(), *(link.contact_xero_id for link in linked.values())}
        )
        # What a push has noted stays its contact until it is done, unless it is nobody's since.
        over = {
            (link.learner_id, link.contact_xero_id)
            for link in links
            if not link.is_writable(numbers[link.learner_id])
        }
        self.own = {learner_id: link.contact_xero_id for learner_id, link in linked.items()} | {
            learner_id: contact_id
            for learner_id, contact_id in noted.items()
            if (learner_id, contact_id) not in over
            and ((contact := self.contacts.get(contact_id)) is None or contact.is_active)
        }
        self.archived = dict(archived_contacts.own(links))
        self.without_number = archived_contacts.with_number_elsewhere(
            links, numbers=numbers, written=self.own
        )
        self._upheld = {
            (learner_id, link.contact_xero_id)
            for learner_id, link in linked.items()
            if _is_upheld(link)
        }
        self._pairings = self._look_for(rows)
        self.owners = contact_owners.owners_before(organisation)
        for row in rows:
            if (contact_id := self.own.get(row.learner_id)) and self.may_write(row):
                self.owners.setdefault(contact_id, (row.learner_id, identity.Why.OTHER_LEARNER))

    def pairings_of(self, row: LearnerRow) -> Sequence[Pairing]:
        """Return the contacts that a learner may be, by its number, its push or a merge."""
        return self._pairings.get(row.learner_id, ())

    def may_write(self, row: LearnerRow) -> bool:
        """Return whether a learner may write to its own contact: as it is, or as it was noted."""
        own = self.own[row.learner_id]
        if (row.learner_id, own) in self._upheld:
            return True
        if any(each.may_write for each in self.pairings_of(row) if each.contact_id == own):
            return True
        if row.known_as is None or (contact := self.contacts.get(own)) is None:
            return False
        pair = identity_facts.Row(row.learner_id, own, row.known_as, contact)
        return identity_verdicts.candidates(self._organisation, [pair])[0].may_write

    def _look_for(self, rows: Sequence[LearnerRow]) -> Mapping[int, Sequence[Pairing]]:
        """Ask the rule, but for learners who have a contact with their number by a link."""
        unsure = [row for row in rows if not self._is_settled(row)]
        pairs = contact_merges.rows_of_learners(
            self._organisation, [row.learner_id for row in unsure]
        )
        known = {pair.ids for pair in pairs}
        pairs += [
            identity_facts.Row(row.learner_id, own, row.facts, self.contacts[own])
            for row in unsure
            if (own := self.own.get(row.learner_id)) in self.contacts
            and (row.learner_id, own) not in known
        ]
        return _by_learner(pairs, identity_verdicts.candidates(self._organisation, pairs))

    def _is_settled(self, row: LearnerRow) -> bool:
        own = self.own.get(row.learner_id)
        contact = self.contacts.get(own) if own else None
        return (
            (row.learner_id, own) in self._upheld
            and contact is not None
            and contact.number == row.facts.number
        )


def _is_upheld(link: archived_contacts.OwnLink) -> bool:
    """Return whether a link lets its learner write.

    The rule was asked of every link that stands whenever either side changed, but not yet of those
    that the release before made; and by a merge alone nobody writes.
    """
    return link.evidence != identity.Why.MERGED.value and (
        link.source != LinkSource.NUMBER or link.evidence != ""
    )


def name_holders(organisation: Organisation, rows: Iterable[LearnerRow]) -> dict[int, Pairing]:
    """Return {learner: the active contact that has the name already, and what the rule says}."""
    by_name: dict[str, list[LearnerRow]] = defaultdict(list)
    for row in rows:
        by_name[row.name].append(row)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.name, contact.xero_id
              FROM unnest(%s::text[]) AS wanted (name)
              JOIN invoices_contact contact ON upper(contact.name) = upper(wanted.name)
             WHERE contact.organisation_id = %s AND contact.status = %s
            """,
            [list(by_name), organisation.pk, identity_facts.ACTIVE],
        )
        found = cursor.fetchall()
    contacts = identity_facts.contacts(organisation, {contact_id for _, contact_id in found})
    pairs = [
        identity_facts.Row(row.learner_id, contact_id, row.facts, contacts[contact_id])
        for name, contact_id in found
        for row in by_name[name]
        if person_names.words_of_name(name) == person_names.words_of_name(contacts[contact_id].name)
    ]
    said = identity_verdicts.candidates(organisation, pairs, name_is_refused=True)
    return {learner_id: some[0] for learner_id, some in _by_learner(pairs, said).items()}


def _by_learner(
    pairs: Iterable[identity_facts.Row], said: Iterable[identity_verdicts.Candidate]
) -> dict[int, list[Pairing]]:
    found: dict[int, list[Pairing]] = defaultdict(list)
    for pair, each in zip(pairs, said, strict=True):
        found[pair.learner_id].append(
            Pairing(
                pair.learner_id, pair.contact_xero_id, pair.contact, each.verdict, each.may_write
            )
        )
    return found
