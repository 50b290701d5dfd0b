"""What the oracle saw: every version of every contact, who made and wrote which, what people said.

Its only sources are Xero's books before and after each step, what was typed into the forms, and the
answers that were taken. From them it knows whose a contact is, and calls out what must not be.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.convergence.identities import oracle
from tests.convergence.identities.oracle import Facts, Row
from tests.convergence.identities.sides import Shown, Side

# What the LRM owns of a contact, as the books spell it; `updated_utc` moves with any of it.
_OWN = frozenset(
    ("name", "number", "email", "given_name", "family_name", "phone", "phones", "updated_utc")
)
_OWN_PHONES = ("DEFAULT", "MOBILE")
_STEPPING_ASIDE = "moving-"


class Witness:
    """The oracle's memory of one schedule."""

    def __init__(self, sides: Sequence[Side]) -> None:
        self._sides = sides
        self.contacts: dict[str, Row] = {}
        # By the order in which they were first seen, which is the same in every replay.
        self.order: list[str] = []
        self.owner: dict[str, int] = {}
        self.made_for: dict[str, int] = {}
        self.said: dict[tuple[int, str], bool] = {}
        # Made, but the reply may be lost: known by number alone until a worker has looked.
        self._unsure: set[str] = set()
        # What a learner was since it last had to reach Xero: its push may know any of it.
        self._facts: dict[int, list[Facts]] = defaultdict(list)
        # The contact that a learner's push must have known when it was asked for.
        self._noted: dict[int, str] = {}
        # What the product wrote last to a contact: the learner as it was, the contact after it.
        self._written: dict[str, tuple[Facts, Row]] = {}
        self._versions: dict[str, list[Row]] = defaultdict(list)
        self._places: dict[str, list[str]] = defaultdict(list)
        # How many versions and places had been when a portal swept last: {side: {id: count}}.
        self._swept: dict[int, dict[str, int]] = {side.at: {} for side in sides}

    def look(self, books: Mapping[str, Any]) -> None:
        """Note what people did in Xero."""
        self.contacts = {one["contact_id"]: one for one in books["contacts"]}
        for contact_id, row in self.contacts.items():
            versions = self._versions[contact_id]
            if not versions:
                self.order.append(contact_id)
            if not versions or versions[-1] != row:
                self._lose_if_unsure(versions[-1:], row)
                versions.append(row)
        for one in books["documents"]:
            places = self._places[one["number"]]
            if not places or places[-1] != one["contact_id"]:
                places.append(one["contact_id"])

    def _lose_if_unsure(self, before: Sequence[Row], row: Row) -> None:
        """Forget for whom a contact was made, once nothing in Xero or here can tell any more."""
        if any(each["number"] != row["number"] for each in before):
            if row["contact_id"] in self._unsure:
                self.owner.pop(row["contact_id"], None)
            self._unsure.discard(row["contact_id"])

    def typed(self, side: Side, learner_id: int) -> None:
        """Note what was saved of a learner."""
        if not side.ticked[learner_id]:
            self._forget(learner_id)
            return
        facts = side.typed[learner_id]
        self._facts[learner_id].append(facts)
        found = [each for each in self.order if self._surely_knows(side, facts, each)]
        free = [
            each for each in found if each not in self.owner and each not in self._noted.values()
        ]
        if free and not any(who == learner_id for who, _ in self.said):
            self._noted.setdefault(learner_id, free[0])

    def _forget(self, learner_id: int) -> None:
        self._facts.pop(learner_id, None)
        self._noted.pop(learner_id, None)

    def _surely_knows(self, side: Side, facts: Facts, contact_id: str) -> bool:
        """Whether a portal must take a contact for a learner, whichever version it has of it."""
        versions = self._since_sweep(side, contact_id, self._versions)
        return contact_id in self._swept[side.at] and all(
            each["status"] == "ACTIVE"
            and oracle.same_number(facts, each)
            and oracle.same_name(facts, each)
            for each in versions
        )

    def swept(self, side: Side, since: dict[str, int]) -> None:
        """Note that a portal knows all that was there `since`; see `mark`."""
        self._swept[side.at] = since

    def mark(self) -> dict[str, int]:
        """Return a mark of this moment."""
        return {key: len(each) for key, each in [*self._versions.items(), *self._places.items()]}

    def essence(self) -> list[Row]:
        """Return the contacts without the times at which they changed."""
        return [{**self.contacts[each], "updated_utc": ""} for each in self.order]

    # What the product wrote.

    def judge(self, books: Mapping[str, Any], side: Side | None, *, is_sure: bool = True) -> None:
        """Look at what a turn of a portal's workers left in Xero; None where it may not write.

        :param is_sure: it went to its end, and heard all that Xero answered.
        :raises AssertionError: it wrote what it must not.
        """
        before = self.contacts
        if is_sure and side is not None:
            self._unsure = {each for each in self._unsure if self.owner.get(each) not in side.typed}
        self.look(books)
        for contact_id, row in self.contacts.items():
            was = before.get(contact_id)
            if was == row:
                continue
            assert side is not None, f"A worker that only reads wrote {was} over with {row}"
            if was is None:
                self._judge_new(side, row)
                self._unsure |= set() if is_sure else {contact_id}
            else:
                self._judge_change(side, was, row)

    def _judge_new(self, side: Side, row: Row) -> None:
        learner_id = _numbered(side, row["number"])
        assert learner_id is not None, f"A contact was made for nobody: {row}"
        assert side.ticked[learner_id], f"A contact was made for a learner without a tick: {row}"
        twins = [
            self.contacts[each]
            for each in self.order
            if each != row["contact_id"]
            and self.contacts[each]["status"] == "ACTIVE"
            and self._is_twin(side, learner_id, self.contacts[each])
        ]
        assert not twins, f"A contact was made twice for {side.typed[learner_id]}: {twins}, {row}"
        self.made_for[row["contact_id"]] = learner_id
        self._has_reached_xero(side, learner_id, row)

    def _is_twin(self, side: Side, learner_id: int, there: Row) -> bool:
        """Whether a contact is a learner's already, or may be and nobody was asked."""
        contact_id, facts = there["contact_id"], side.typed[learner_id]
        if (known := self._known(side, learner_id, contact_id)) is not None:
            return known
        if self._noted.get(learner_id) == contact_id:
            return any(
                oracle.same_number(each, there) and oracle.same_name(each, there)
                for each in self._facts[learner_id]
            )
        is_anothers = any(
            self._is_linked(each, who, contact_id)
            for each in self._sides
            for who in each.typed
            if who != learner_id
        )
        return there["name"].lower() == facts.full_name.lower() and not is_anothers

    def _judge_change(self, side: Side, was: Row, row: Row) -> None:
        self._judge_fields(was, row)
        if row["number"].startswith(_STEPPING_ASIDE):
            owner = self.owner.get(row["contact_id"])
            assert owner in side.typed or self._may_step_aside(side, was), f"{was} stepped aside"
            return
        writers = [each for each in side.typed if self._may_have_written(side, each, was, row)]
        assert writers, f"A contact was written for nobody with a tick: {was}, {row}"
        rightly = [each for each in writers if self._may_write(side, each, was)]
        assert rightly, (
            f"{side.typed[writers[0]]} of portal {side.at} wrote over a stranger: {was}, {row}"
        )
        learner_id = rightly[0]
        self._has_reached_xero(side, learner_id, row)

    def _may_have_written(self, side: Side, learner_id: int, was: Row, row: Row) -> bool:
        """Whether a contact is what a ticked learner is; its number may be kept by a tombstone."""
        facts = side.typed[learner_id]
        stays = row["number"] == was["number"] and any(
            each["number"] == facts.number and each["status"] != "ACTIVE"
            for each in self.contacts.values()
        )
        same_number = stays or row["number"] == facts.number
        return side.ticked[learner_id] and same_number and row["name"] in _names(facts)

    def _may_step_aside(self, side: Side, was: Row) -> bool:
        return any(self._may_write(side, each, was) for each in side.typed)

    def _may_write(self, side: Side, learner_id: int, was: Row) -> bool:
        if (owner := self.owner.get(was["contact_id"])) is not None:
            return owner == learner_id
        if self._is_held_elsewhere(side, was["contact_id"]):
            return False
        if (said := self.said.get((learner_id, was["contact_id"]))) is not None:
            return said
        is_heir = self._is_heir(side, learner_id, was["contact_id"])
        return any(
            (is_heir or oracle.same_number(facts, was)) and oracle.agrees(facts, was)
            for facts in [side.typed[learner_id], *self._facts[learner_id]]
        )

    def _judge_fields(self, was: Row, row: Row) -> None:
        changed = {name for name in row if row[name] != was[name]}
        assert changed <= _OWN, f"{changed - _OWN} of a contact is not ours to change: {was}, {row}"
        emptied = {name for name in changed & {"name", "number", "email"} if not row[name]}
        assert not emptied, f"{emptied} of a contact was emptied: {was}, {row}"
        kept = [
            {each["kind"]: each for each in one["phones"] if each["kind"] not in _OWN_PHONES}
            for one in (was, row)
        ]
        assert kept[0] == kept[1], f"A telephone number is not ours to change: {was}, {row}"

    def _has_reached_xero(self, side: Side, learner_id: int, row: Row) -> None:
        facts = side.typed[learner_id]
        self.owner[row["contact_id"]] = learner_id
        self._written[row["contact_id"]] = facts, row
        self._forget(learner_id)
        self._facts[learner_id].append(facts)

    # What the pages show.

    def judge_page(self, side: Side, learner_id: int, shown: Shown) -> None:
        """Look at a page at any moment, however much of Xero is not known here yet.

        :raises AssertionError: it shows a document of somebody whose name and address are others',
            with no reason; or of a contact that belongs to another learner.
        """
        for number in sorted(shown.documents):
            places = self._since_sweep(side, number, self._places)
            assert any(self._is_defensible(side, learner_id, each) for each in places), (
                f"{side.typed[learner_id]} of portal {side.at} is shown {number} of "
                f"{[self.contacts[each] for each in places]}"
            )

    def _is_defensible(self, side: Side, learner_id: int, contact_id: str) -> bool:
        if (known := self._known(side, learner_id, contact_id)) is not None:
            return known
        facts = side.typed[learner_id]
        return any(
            oracle.same_number(facts, each) and oracle.agrees(facts, each)
            for each in self._since_sweep(side, contact_id, self._versions)
        ) or any(self._is_defensible(side, learner_id, each) for each in self._losers(contact_id))

    def _losers(self, contact_id: str) -> list[str]:
        """Return the contacts that were merged into one, now or before somebody restored them."""
        return [
            each
            for each in self.order
            if each != contact_id
            and any(version["merged_to"] == contact_id for version in self._versions[each])
        ]

    def _known(self, side: Side, learner_id: int, contact_id: str) -> bool | None:
        """Return what is known at once, whatever Xero says; None where numbers decide."""
        owner = self.owner.get(contact_id)
        if owner == learner_id:
            return True
        if self._is_held_elsewhere(side, contact_id):
            return False
        if self.said.get((learner_id, contact_id)):
            return True
        return False if owner is not None else self.said.get((learner_id, contact_id))

    def _is_held_elsewhere(self, side: Side, contact_id: str) -> bool:
        """Whether a contact belongs to a learner of another portal, or somebody there said so."""
        others = [each for each in self._sides if each is not side]
        holders = {self.owner.get(contact_id)}
        holders |= {who for (who, what), yes in self.said.items() if what == contact_id and yes}
        return any(who in each.typed for who in holders for each in others)

    def _since_sweep(self, side: Side, key: str, history: Mapping[str, list[Any]]) -> list[Any]:
        """Return what a portal may believe of something: as it was swept last, and all since."""
        known = self._swept[side.at].get(key, 0)
        return history[key][max(0, known - 1) :]

    # How it stands in the end.

    def judge_end(self, side: Side, learner_id: int, shown: Shown) -> None:
        """Look at a page once all is known, by the whole rule.

        :raises AssertionError: it shows too much or too little; or a ticked learner is neither in
            Xero as it is here, nor says its page why not.
        """
        facts = side.typed[learner_id]
        who = f"{facts} of portal {side.at}"
        linked = {each for each in self.order if self._is_linked(side, learner_id, each)}
        documents = {number for number, places in self._places.items() if places[-1] in linked}
        wrong = {number: self.contacts[self._places[number][-1]] for number in shown.documents}
        wrong = {number: row for number, row in wrong.items() if number not in documents}
        assert not wrong, f"{who} is shown {wrong}"
        missing = {number: self._places[number][-1] for number in documents - shown.documents}
        assert not missing, f"{who} is not shown {missing}"
        if side.ticked[learner_id]:
            stands = [self.contacts[each] for each in self.order if each in linked]
            stands = [one for one in stands if self._is_in_step(facts, one)]
            assert len(stands) == 1 or shown.is_stated, f"{who} is {stands} in Xero: {shown}"

    def _is_in_step(self, facts: Facts, contact: Row) -> bool:
        """Whether a contact is what the learner is, but for what people changed in Xero since."""
        if _is_as_typed(facts, contact):
            return True
        was_written = self._written.get(contact["contact_id"])
        return was_written is not None and was_written[0] == facts and was_written[1] != contact

    def _is_linked(self, side: Side, learner_id: int, contact_id: str) -> bool:
        """Whether a contact is a learner, by the whole rule."""
        is_heir = self._is_heir(side, learner_id, contact_id)
        family = self._family(contact_id)
        if is_heir and any(self._is_held_elsewhere(side, each) for each in family):
            return False
        if (known := self._known(side, learner_id, contact_id)) is not None:
            return known
        if self._agrees_by_number(side, learner_id, contact_id):
            return True
        return is_heir and not self._is_anothers(side, learner_id, contact_id)

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

    # What Xero merged.

    def _is_heir(self, side: Side, learner_id: int, contact_id: str) -> bool:
        """Whether a contact of the learner became this one in Xero."""
        return any(
            self._is_direct(side, learner_id, each)
            for each in self._family(contact_id)
            if each != contact_id
        )

    def _is_direct(self, side: Side, learner_id: int, contact_id: str) -> bool:
        """Whether a contact is a learner by more than a merge."""
        known = self._known(side, learner_id, contact_id)
        return self._agrees_by_number(side, learner_id, contact_id) if known is None else known

    def _is_anothers(self, side: Side, learner_id: int, contact_id: str) -> bool:
        """Whether what became of a learner's contact is somebody else's too."""
        if _numbered(side, self.contacts[contact_id]["number"]) not in (None, learner_id):
            return True
        for each in self._sides:
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


def _numbered(side: Side, number: str) -> int | None:
    return next((who for who, facts in side.typed.items() if facts.number == number), None)


def _is_as_typed(facts: Facts, contact: Row) -> bool:
    return (
        contact["status"] == "ACTIVE"
        and contact["number"] == facts.number
        and contact["name"] in _names(facts)
        and (not facts.email or contact["email"] == facts.email)
    )


def _names(facts: Facts) -> tuple[str, str]:
    """Return the names that a learner may have in Xero."""
    return facts.full_name, f"{facts.full_name} ({facts.number})"


def in_play(witness: Witness, bystanders: Iterable[str]) -> list[str]:
    """Return the contacts that schedules play with, in the order in which they came."""
    rest = set(bystanders)
    return [each for each in witness.order if each not in rest]
