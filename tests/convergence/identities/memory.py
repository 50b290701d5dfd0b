"""What the oracle saw: every version of every contact, who made and wrote which, what people said.

Its only sources are Xero's books before and after each step, what was typed into the forms, and the
answers that were taken.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.convergence.identities import oracle
from tests.convergence.identities.oracle import Facts, Row
from tests.convergence.identities.sides import Side


class Memory:
    """The oracle's memory of one schedule."""

    def __init__(self, sides: Sequence[Side]) -> None:
        self.sides = sides
        self.contacts: dict[str, Row] = {}
        # By the order in which they were first seen, which is the same in every replay.
        self.order: list[str] = []
        self.owner: dict[str, int] = {}
        self.made_for: dict[str, int] = {}
        self.said: dict[tuple[int, str], bool] = {}
        # Made, but the reply may be lost: known by number alone until a worker has looked.
        self.unsure: set[str] = set()
        # What was sent of learners while nobody heard the answers; and the contacts that each may
        # have been taken for since: by number and agreement, though somebody else had made them, or
        # because they were made for the learner, which may have been heard or not.
        self.doubts: dict[int, list[Facts]] = defaultdict(list)
        self.maybe: set[tuple[int, str]] = set()
        # What a learner was since it last had to reach Xero: its push may know any of it.
        self.facts: dict[int, list[Facts]] = defaultdict(list)
        # What a learner ever was: whose a contact was counts on where a merge took its documents.
        self.ever: dict[int, list[Facts]] = defaultdict(list)
        # The contact that a learner's push must have known when it was asked for.
        self.noted: dict[int, str] = {}
        # What the product wrote last to a contact: the learner as it was, the contact after it.
        self.written: dict[str, tuple[Facts, Row]] = {}
        self.versions: dict[str, list[Row]] = defaultdict(list)
        self.places: dict[str, list[str]] = defaultdict(list)
        # How many versions and places had been when a portal swept last: {side: {id: count}}.
        self._swept: dict[int, dict[str, int]] = {side.at: {} for side in sides}
        # Where a portal surely knew documents to be: {side: {number of a document: contacts}}.
        self.known_places: dict[int, dict[str, set[str]]] = {
            side.at: defaultdict(set) for side in sides
        }

    def look(self, books: Mapping[str, Any]) -> None:
        """Note what people did in Xero."""
        self.contacts = {one["contact_id"]: one for one in books["contacts"]}
        for contact_id, row in self.contacts.items():
            versions = self.versions[contact_id]
            if not versions:
                self.order.append(contact_id)
            if not versions or versions[-1] != row:
                self._lose_if_unsure(versions[-1:], row)
                versions.append(row)
        for one in books["documents"]:
            places = self.places[one["number"]]
            if not places or places[-1] != one["contact_id"]:
                places.append(one["contact_id"])

    def _lose_if_unsure(self, before: Sequence[Row], row: Row) -> None:
        """Doubt for whom a contact was made, once nothing in Xero can tell any more.

        Whether a worker has heard of it before is not known either: its turn may have met a fault,
        or death, before that or after.
        """
        if any(each["number"] != row["number"] for each in before):
            if row["contact_id"] in self.unsure:
                owner = self.owner.pop(row["contact_id"], None)
                self.maybe |= set() if owner is None else {(owner, row["contact_id"])}
            self.unsure.discard(row["contact_id"])

    def typed(self, side: Side, learner_id: int) -> None:
        """Note what was saved of a learner."""
        self.ever[learner_id].append(side.typed[learner_id])
        if not side.ticked[learner_id]:
            self.forget(learner_id)
            return
        facts = side.typed[learner_id]
        self.facts[learner_id].append(facts)
        found = [each for each in self.order if self._surely_knows(side, facts, each)]
        free = [
            each for each in found if each not in self.owner and each not in self.noted.values()
        ]
        if free and not any(who == learner_id for who, _ in self.said):
            self.noted.setdefault(learner_id, free[0])

    def forget(self, learner_id: int) -> None:
        self.facts.pop(learner_id, None)
        self.noted.pop(learner_id, None)

    def _surely_knows(self, side: Side, facts: Facts, contact_id: str) -> bool:
        """Whether a portal must take a contact for a learner, whichever version it has of it."""
        versions = self.since_sweep(side, contact_id, self.versions)
        return contact_id in self._swept[side.at] and all(
            each["status"] == "ACTIVE"
            and oracle.same_number(facts, each)
            and oracle.same_name(facts, each)
            for each in versions
        )

    def swept(self, side: Side, since: dict[str, int]) -> None:
        """Note that a portal knows all that was there `since`; see `mark`."""
        self._swept[side.at] = since
        for number, places in self.places.items():
            if count := since.get(number):
                self.known_places[side.at][number].add(places[count - 1])

    def mark(self) -> dict[str, int]:
        """Return a mark of this moment."""
        histories: list[tuple[str, list[Any]]] = [*self.versions.items(), *self.places.items()]
        return {key: len(each) for key, each in histories}

    def since_sweep(self, side: Side, key: str, history: Mapping[str, list[Any]]) -> list[Any]:
        """Return what a portal may believe of something: as it was swept last, and all since."""
        known = self._swept[side.at].get(key, 0)
        return history[key][max(0, known - 1) :]

    def essence(self) -> list[Row]:
        """Return the contacts without the times at which they changed."""
        return [{**self.contacts[each], "updated_utc": ""} for each in self.order]

    def in_play(self, bystanders: Iterable[str]) -> list[str]:
        """Return the contacts that schedules play with, in the order in which they came."""
        rest = set(bystanders)
        return [each for each in self.order if each not in rest]
