"""What sending learners to Xero would do, learner by learner, before anything is sent.

Asked of what is mirrored here, by the same rule of identity and the same owners as a push, so that
the two cannot disagree. What changes in Xero or here meanwhile changes the outcome: a push looks
again. Nothing is written, and Xero is not called.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from connected_apps.models import Organisation
from invoices.rules import identity
from xero_sync.contacts import dry_run_facts, obstacles, ownership, replaced_details
from xero_sync.contacts.dry_run_facts import Facts, LearnerRow, Pairing

# Of what Xero merged a person is asked, whoever has it.
_MERGED = (identity.Why.MERGED, identity.Why.MERGED_OTHER, identity.Why.MERGED_PORTAL)


class Fate(Enum):
    """What would become of a learner."""

    SAME = "has a contact in Xero, of which nothing would be replaced"
    CHANGED = "has a contact in Xero, of which something would be replaced"
    CREATED = "would get a new contact"
    ASKED = "may have a contact: a person would be asked"
    CLASH = "would not reach Xero before somebody changes something"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would become of one learner, and because of which contact.

    `changes` says what of its own contact would be replaced, in people's words.
    """

    learner_id: int
    fate: Fate
    why: identity.Why | None = None
    contact_id: UUID | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DryRun:
    """What would become of all of them, in the order in which they would be sent."""

    outcomes: list[Outcome]

    def of(self, *fates: Fate) -> list[Outcome]:
        """Return those that share a fate."""
        return [one for one in self.outcomes if one.fate in fates]

    def count(self, *fates: Fate) -> int:
        """Return how many share a fate."""
        return len(self.of(*fates))


def run(*, organisation: Organisation, ticked: bool = True) -> DryRun:
    """Return what sending the ticked learners would do, or those who are not ticked."""
    rows = dry_run_facts.learners(organisation, ticked=ticked)
    facts = Facts(organisation, rows)
    outcomes = {row.learner_id: _outcome(row, facts) for row in rows}
    created = [row for row in rows if outcomes[row.learner_id].fate is Fate.CREATED]
    # Xero refuses the name of an active contact; then somebody is asked, or it is made unique.
    for learner_id, holder in dry_run_facts.name_holders(organisation, created).items():
        if holder.verdict.is_question:
            outcomes[learner_id] = _because(Fate.ASKED, holder)
    _add_details(organisation, outcomes)
    return DryRun(list(outcomes.values()))


def _add_details(organisation: Organisation, outcomes: dict[int, Outcome]) -> None:
    """Add what else of the learners' own contacts would be replaced."""
    own = {
        one.learner_id: one.contact_id
        for one in outcomes.values()
        if one.fate in (Fate.SAME, Fate.CHANGED) and one.contact_id
    }
    for learner_id, details in replaced_details.of_learners(organisation, own):
        if details:
            known = outcomes[learner_id]
            outcomes[learner_id] = _linked(learner_id, own[learner_id], known.changes + details)


def _outcome(row: LearnerRow, facts: Facts) -> Outcome:
    pairings = facts.pairings_of(row)
    own = facts.own.get(row.learner_id)
    if own is None:
        return _without_contact(row, facts, pairings)
    owner_id, why = facts.owners.get(own, (row.learner_id, None))
    if owner_id != row.learner_id:
        return Outcome(row.learner_id, Fate.CLASH, why, own)
    contact = facts.contacts.get(own)
    if contact is None or not facts.may_write(row):
        return _without_contact(row, facts, pairings)
    keeps_number = contact.number == row.facts.number or row.learner_id in facts.without_number
    # Whoever has the number in Xero keeps it from this contact.
    numbered = [] if keeps_number else _numbered(row, pairings)
    if numbered:
        return _obstacle(row, facts, pairings) or _because(Fate.CLASH, numbered[0])
    number = contact.number if keeps_number else row.facts.number
    return _linked(row.learner_id, own, _changes(row, contact, number=number))


def _without_contact(row: LearnerRow, facts: Facts, pairings: Sequence[Pairing]) -> Outcome:
    """Return what becomes of a learner for whom a contact would be made."""
    archived = facts.archived.get(row.learner_id)
    if obstacle := _obstacle(row, facts, pairings, archived):
        return obstacle
    if numbered := _numbered(row, pairings):
        # Nobody can be sent to it, and it keeps its number.
        return _because(Fate.CLASH, numbered[0])
    return Outcome(row.learner_id, Fate.CREATED)


def _numbered(row: LearnerRow, pairings: Iterable[Pairing]) -> list[Pairing]:
    return [each for each in pairings if each.contact.number == row.facts.number]


def _obstacle(
    row: LearnerRow, facts: Facts, pairings: Iterable[Pairing], archived: UUID | None = None
) -> Outcome | None:
    """Return what stands in the way first, as `ownership.obstacles` does.

    :param archived: the learner's own contact, where it is archived and there is no other.
    """
    in_the_way = [
        (each.verdict.why, each.contact_id)
        for each in pairings
        if each.verdict.why in ownership.IN_THE_WAY and not each.may_write
    ]
    if archived is not None:
        in_the_way.append((identity.Why.ARCHIVED, archived))
    if not in_the_way:
        return None
    # Of equals the last one.
    why, contact_id = min(
        reversed(in_the_way), key=lambda each: ownership.IN_THE_WAY.index(each[0])
    )
    owner_id, owners_why = facts.owners.get(contact_id, (row.learner_id, why))
    if owner_id != row.learner_id and why not in _MERGED:
        return Outcome(row.learner_id, Fate.CLASH, owners_why, contact_id)
    fate = Fate.ASKED if why in obstacles.ASKED else Fate.CLASH
    return Outcome(row.learner_id, fate, why, contact_id)


def _because(fate: Fate, pairing: Pairing) -> Outcome:
    return Outcome(pairing.learner_id, fate, pairing.verdict.why, pairing.contact_id)


def _linked(learner_id: int, contact_id: UUID, changes: tuple[str, ...]) -> Outcome:
    fate = Fate.CHANGED if changes else Fate.SAME
    return Outcome(learner_id, fate, None, contact_id, changes)


def _changes(row: LearnerRow, contact: identity.ContactFacts, *, number: str) -> tuple[str, ...]:
    """Return what the rule of identity knows a contact by and would be replaced.

    :param number: what it has afterwards.
    """
    compared = {
        "name": contact.name in (row.name, row.unique_name),
        "number": contact.number in ("", number),
        "e-mail": contact.email in ("", row.facts.email) or not row.facts.email,
    }
    return tuple(words for words, is_same in compared.items() if not is_same)
