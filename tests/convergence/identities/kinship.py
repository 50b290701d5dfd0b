"""Whose a contact is, as the oracle knows it: by what happened, by agreement, and by merges."""

from tests.convergence.identities import oracle
from tests.convergence.identities.memory import Memory
from tests.convergence.identities.oracle import Facts
from tests.convergence.identities.sides import Side


class Kinship(Memory):
    """The whole rule of identity over what the oracle saw."""

    def is_linked(self, side: Side, learner_id: int, contact_id: str) -> bool:
        """Whether a contact is a learner, by the whole rule."""
        is_heir = self.is_heir(side, learner_id, contact_id)
        family = self._family(contact_id)
        if is_heir and any(self.is_held_elsewhere(side, each) for each in family):
            return False
        if (known := self.known(side, learner_id, contact_id)) is not None:
            return known
        if self._agrees_by_number(side, learner_id, contact_id):
            return True
        return is_heir and not self._is_anothers(side, learner_id, contact_id)

    def known(self, side: Side, learner_id: int, contact_id: str) -> bool | None:
        """Return what is known at once, whatever Xero says; None where numbers decide."""
        owner = self.owner.get(contact_id)
        if owner == learner_id:
            return True
        if self.is_held_elsewhere(side, contact_id):
            return False
        if self.said.get((learner_id, contact_id)):
            return True
        return False if owner is not None else self.said.get((learner_id, contact_id))

    def is_held_elsewhere(self, side: Side, contact_id: str) -> bool:
        """Whether a contact belongs to a learner of another portal, or somebody there said so."""
        others = [each for each in self.sides if each is not side]
        holders = {self.owner.get(contact_id)}
        holders |= {who for (who, what), yes in self.said.items() if what == contact_id and yes}
        return any(who in each.typed for who in holders for each in others)

    def _agrees_by_number(self, side: Side, learner_id: int, contact_id: str) -> bool:
        facts, contact = side.typed[learner_id], self.contacts[contact_id]
        if not oracle.same_number(facts, contact):
            return False
        if oracle.same_name(facts, contact):
            return True
        others = [each for who, each in side.typed.items() if who != learner_id]
        contacts = [each for at, each in self.contacts.items() if at != contact_id]
        return oracle.same_email(facts, contact) and not oracle.is_shared(
            facts.email, others, contacts
        )

    def settle_doubts(self, side: Side, *, is_sure: bool) -> None:
        """Note whom a portal may have taken for whom, when a worker looked for what was sent.

        The contact was there with number and name, and nobody can tell whether it was made by what
        was sent: that is how the rule takes it.

        :param is_sure: the turn went to its end, so that nothing is in doubt after it.
        """
        for learner_id, facts in side.typed.items():
            for sent in self.doubts[learner_id]:
                self.maybe.update(
                    (learner_id, contact_id)
                    for contact_id, contact in self.contacts.items()
                    if contact_id not in self.owner
                    and oracle.same_number(sent, contact)
                    and oracle.agrees(sent, contact)
                )
            self.doubts[learner_id] = [] if is_sure else [*self.doubts[learner_id], facts]

    def may_be(self, learner_id: int | None, contact_id: str) -> bool:
        """Whether a contact may be taken for a learner so; None is for any."""
        return any(
            what in self._family(contact_id) and learner_id in (None, who)
            for who, what in self.maybe
        )

    def may_follow(self, learner_id: int | None, contact_id: str) -> bool:
        """Whether a contact may be a learner's although a merge freed its number; None is for any.

        It had the learner's number before, and agreed. Whether the portal had found that out by
        then is not known.
        """
        freed = [
            versions[-1]
            for each in self._family(contact_id)
            if (row := self.contacts[each])["status"] != "ACTIVE"
            and not row["number"]
            and (versions := [one for one in self.versions[each] if one["status"] == "ACTIVE"])
        ]
        return any(
            oracle.same_number(facts, each) and oracle.agrees(facts, each)
            for side in self.sides
            for who, facts in side.typed.items()
            if learner_id in (None, who)
            for each in freed
        )

    def is_kept_off(self, side: Side, learner_id: int, number: str) -> bool:
        """Whether a document surely was another learner's before merges, who has it no more.

        The portal knew the document there, and whose the contact was. All moves here are merges.
        """
        now_on = self.places[number][-1]
        return any(
            self.contacts[place]["status"] != "ACTIVE"
            and self.contacts[place]["merged_to"]
            and not self._may_be_linked(side, learner_id, place)
            and any(
                self._surely_has(who, place) and not self._may_be_linked(each, who, now_on)
                for each in self.sides
                for who in each.typed
                if who != learner_id
            )
            for place in self.known_places[side.at][number] - {now_on}
        )

    def may_be_kept_off(self, learner_id: int, number: str) -> bool:
        """Whether a document may have been another learner's before merges.

        As whoever that was at any time: only a person's word ends it.
        """
        return any(
            self._may_be_linked(each, who, place)
            or self.owner.get(place) == who
            or any(
                oracle.same_number(facts, one)
                for facts in self.ever[who]
                for one in self.versions[place]
            )
            for each in self.sides
            for who in each.typed
            if who != learner_id
            for place in set(self.places[number][:-1]) - {self.places[number][-1]}
        )

    def _may_be_linked(self, side: Side, learner_id: int, contact_id: str) -> bool:
        return (
            self.is_linked(side, learner_id, contact_id)
            or self.may_be(learner_id, contact_id)
            or self.may_follow(learner_id, contact_id)
        )

    def _surely_has(self, learner_id: int, contact_id: str) -> bool:
        return (
            contact_id not in self.unsure
            and self.owner.get(contact_id) == learner_id
            and self.said.get((learner_id, contact_id)) is not False
        )

    def losers(self, contact_id: str) -> list[str]:
        """Return the contacts that were merged into one, now or before somebody restored them."""
        return [
            each
            for each in self.order
            if each != contact_id
            and any(version["merged_to"] == contact_id for version in self.versions[each])
        ]

    def is_heir(self, side: Side, learner_id: int, contact_id: str) -> bool:
        """Whether a contact of the learner became this one in Xero."""
        return any(
            self._is_direct(side, learner_id, each)
            for each in self._family(contact_id)
            if each != contact_id
        )

    def may_still_inherit(self, side: Side, learner_id: int, contact_id: str) -> bool:
        """Whether a portal may believe that a contact of the learner became this one.

        Somebody restored the loser since the portal swept last.
        """
        return any(
            self._is_direct(side, learner_id, each)
            for each in self.losers(contact_id)
            if any(
                version["merged_to"] == contact_id
                for version in self.since_sweep(side, each, self.versions)
            )
        )

    def _is_direct(self, side: Side, learner_id: int, contact_id: str) -> bool:
        """Whether a contact is a learner by more than a merge."""
        known = self.known(side, learner_id, contact_id)
        return self._agrees_by_number(side, learner_id, contact_id) if known is None else known

    def _is_anothers(self, side: Side, learner_id: int, contact_id: str) -> bool:
        """Whether what became of a learner's contact is somebody else's too."""
        if numbered(side, self.contacts[contact_id]["number"]) not in (None, learner_id):
            return True
        for each in self.sides:
            if each is not side and any(
                self._is_direct(each, who, contact_id) for who in each.typed
            ):
                return True
        for each_id in self._family(contact_id):
            linked = {who for who in side.typed if self._is_direct(side, who, each_id)}
            if linked and learner_id not in linked:
                return True
        return False

    def _family(self, contact_id: str) -> set[str]:
        """Return a contact with all that was merged into it, at once or by way of others."""
        found, new = {contact_id}, {contact_id}
        while new:
            new = {
                each
                for each, row in self.contacts.items()
                if row["status"] != "ACTIVE" and row["merged_to"] in new and each not in found
            }
            found |= new
        return found


def numbered(side: Side, number: str) -> int | None:
    """Return the learner of a portal with a number."""
    return next((who for who, facts in side.typed.items() if facts.number == number), None)


def names_of(facts: Facts) -> tuple[str, str]:
    """Return the names that a learner may have in Xero."""
    return facts.full_name, f"{facts.full_name} ({facts.number})"
