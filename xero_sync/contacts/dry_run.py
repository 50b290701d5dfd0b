"""What sending learners to Xero would do, learner by learner, before anything is sent.

Asked of what is mirrored here, by the same rule of identity and the same owners as a push, so that
the two cannot disagree. What changes in Xero or here meanwhile changes the outcome: a push looks
again. Nothing is written, and Xero is not called.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from connected_apps.models import Organisation
from invoices import identity
from xero_sync.contacts import dry_run_facts, ownership
from xero_sync.contacts.dry_run_facts import Facts, LearnerRow, Pairing


class Fate(Enum):
    """What would become of a learner."""

    SAME = "has a contact in Xero, which has the name, the e-mail address and the number already"
    CHANGED = "has a contact in Xero, whose name, e-mail address or number would change"
    CREATED = "would get a new contact"
    ASKED = "may have a contact: a person would be asked"
    CLASH = "would not reach Xero before somebody changes something"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would become of one learner, and because of which contact."""

    learner_id: int
    fate: Fate
    why: identity.Why | None = None
    contact_id: UUID | None = None


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
    return DryRun(list(outcomes.values()))


def _outcome(row: LearnerRow, facts: Facts) -> Outcome:
    pairings = facts.pairings_of(row)
    own = facts.own.get(row.learner_id)
    if own is None:
        return _without_contact(row, facts, pairings)
    owner_id, why = facts.owners[own]
    if owner_id != row.learner_id:
        return Outcome(row.learner_id, Fate.CLASH, why, own)
    contact = facts.contacts.get(own)
    if contact is None or not facts.may_write(row):
        return _without_contact(row, facts, pairings)
    if not contact.is_active:
        return Outcome(row.learner_id, Fate.CLASH, identity.Why.NOT_ACTIVE, own)
    if contact.number != row.facts.number:
        # Whoever has the number in Xero keeps it from this contact.
        others = [each for each in pairings if each.contact_id != own]
        blocked = _without_contact(row, facts, others)
        if blocked.fate is not Fate.CREATED:
            return blocked
    return Outcome(row.learner_id, _change(row, contact), None, own)


def _without_contact(row: LearnerRow, facts: Facts, pairings: Iterable[Pairing]) -> Outcome:
    """Return what becomes of a learner for whom a contact would be made."""
    numbered = [each for each in pairings if each.contact.number == row.facts.number]
    if not numbered:
        return Outcome(row.learner_id, Fate.CREATED)
    in_the_way = [each for each in numbered if each.verdict.why in ownership.IN_THE_WAY]
    if not in_the_way:
        # Nobody can be sent to it, and it keeps its number.
        return _because(Fate.CLASH, numbered[0])
    first = min(in_the_way, key=lambda each: ownership.IN_THE_WAY.index(each.verdict.why))
    owner_id, why = facts.owners.get(first.contact_id, (row.learner_id, first.verdict.why))
    if owner_id != row.learner_id:
        return Outcome(row.learner_id, Fate.CLASH, why, first.contact_id)
    return _because(Fate.ASKED if first.verdict.is_question else Fate.CLASH, first)


def _because(fate: Fate, pairing: Pairing) -> Outcome:
    return Outcome(pairing.learner_id, fate, pairing.verdict.why, pairing.contact_id)


def _change(row: LearnerRow, contact: identity.ContactFacts) -> Fate:
    is_same = (
        contact.name in (row.name, row.unique_name)
        and contact.email == (row.facts.email or contact.email)
        and contact.number == row.facts.number
    )
    return Fate.SAME if is_same else Fate.CHANGED
