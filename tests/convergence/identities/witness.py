"""The judge of a schedule: what the product wrote in Xero, and what its pages show.

It holds both against what the oracle saw (`memory`) and knows (`kinship`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.convergence.identities import oracle, sides
from tests.convergence.identities.kinship import Kinship, names_of, numbered
from tests.convergence.identities.oracle import Facts, Row
from tests.convergence.identities.sides import Shown, Side

# What the LRM owns of a contact, as the books spell it; `updated_utc` moves with any of it.
_OWN = frozenset(
    ("name", "number", "email", "given_name", "family_name", "phone", "phones", "updated_utc")
)
_OWN_PHONES = ("DEFAULT", "MOBILE")
_STEPPING_ASIDE = "moving-"


class Witness(Kinship):
    """Judges every write and every page."""

    # What the product wrote.

    def judge(self, books: Mapping[str, Any], side: Side | None, *, is_sure: bool = True) -> None:
        """Look at what a turn of a portal's workers left in Xero; None where it may not write.

        :param is_sure: it went to its end, and heard all that Xero answered.
        :raises AssertionError: it wrote what it must not.
        """
        before = self.contacts
        if side is not None:
            self.settle_doubts(side, is_sure=is_sure)
        if side is not None and is_sure:
            self.unsure = {each for each in self.unsure if self.owner.get(each) not in side.typed}
        self.look(books)
        for contact_id, row in self.contacts.items():
            was = before.get(contact_id)
            if was == row:
                continue
            assert side is not None, f"A worker that only reads wrote: {_told(was, row)}"
            if was is None:
                self._judge_new(side, row)
                self.unsure |= set() if is_sure else {contact_id}
            else:
                self._judge_change(side, was, row)

    def _judge_new(self, side: Side, row: Row) -> None:
        learner_id = numbered(side, row["number"])
        assert learner_id is not None, f"A contact was made for nobody: {_told(row)}"
        assert side.ticked[learner_id], f"A contact was made for nobody with a tick: {_told(row)}"
        twins = [
            self.contacts[each]
            for each in self.order
            if each != row["contact_id"]
            and self.contacts[each]["status"] == "ACTIVE"
            and self._is_twin(side, learner_id, self.contacts[each])
        ]
        assert not twins, (
            f"A contact was made twice for {side.typed[learner_id]}: {_told(*twins, row)}"
        )
        self.made_for[row["contact_id"]] = learner_id
        self._has_reached_xero(side, learner_id, row)

    def _is_twin(self, side: Side, learner_id: int, there: Row) -> bool:
        """Whether a contact is a learner's already, or may be and nobody was asked."""
        contact_id, facts = there["contact_id"], side.typed[learner_id]
        if (known := self.known(side, learner_id, contact_id)) is not None:
            return known
        if self.noted.get(learner_id) == contact_id:
            return any(
                oracle.same_number(each, there) and oracle.same_name(each, there)
                for each in self.facts[learner_id]
            )
        is_anothers = any(
            self.is_linked(each, who, contact_id)
            or self._may_show(who, contact_id)
            or self.may_still_inherit(each, who, contact_id)
            for each in self.sides
            for who in each.typed
            if who != learner_id
        )
        return there["name"].lower() == facts.full_name.lower() and not is_anothers

    def _judge_change(self, side: Side, was: Row, row: Row) -> None:
        self._judge_fields(was, row)
        if row["number"].startswith(_STEPPING_ASIDE):
            owner = self.owner.get(row["contact_id"])
            assert owner in side.typed or self._may_step_aside(side, was), (
                f"{_told(was)} stepped aside"
            )
            return
        writers = [each for each in side.typed if self._may_have_written(side, each, was, row)]
        assert writers, f"A contact was written for nobody with a tick: {_told(was, row)}"
        rightly = [each for each in writers if self._may_write(side, each, was)]
        assert rightly, (
            f"{side.typed[writers[0]]} of portal {side.at} wrote over a stranger: {_told(was, row)}"
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
        return side.ticked[learner_id] and same_number and row["name"] in names_of(facts)

    def _may_step_aside(self, side: Side, was: Row) -> bool:
        return any(self._may_write(side, each, was) for each in side.typed)

    def _may_write(self, side: Side, learner_id: int, was: Row) -> bool:
        if not self._is_unheard_of(side, was["contact_id"]):
            if (owner := self.owner.get(was["contact_id"])) is not None:
                return owner == learner_id
            if self.is_held_elsewhere(side, was["contact_id"]):
                return False
        if (said := self.said.get((learner_id, was["contact_id"]))) is not None:
            return said
        is_heir = self.is_heir(side, learner_id, was["contact_id"])
        is_heir = is_heir or self.may_follow(learner_id, was["contact_id"])
        return self.may_be(learner_id, was["contact_id"]) or any(
            (is_heir or oracle.same_number(facts, was)) and oracle.agrees(facts, was)
            for facts in [side.typed[learner_id], *self.facts[learner_id]]
        )

    def _is_unheard_of(self, side: Side, contact_id: str) -> bool:
        """Whether another portal made a contact and has not heard so yet.

        Until it has, nobody can tell the contact from one that accounts made, and whoever agrees
        with its number and name may take it; the other is asked then.
        """
        return contact_id in self.unsure and self.owner.get(contact_id) not in side.typed

    def _judge_fields(self, was: Row, row: Row) -> None:
        changed = {name for name in row if row[name] != was[name]}
        assert changed <= _OWN, f"{changed - _OWN} is not ours to change: {_told(was, row)}"
        emptied = {name for name in changed & {"name", "number", "email"} if not row[name]}
        assert not emptied, f"{emptied} was emptied: {_told(was, row)}"
        kept = [
            {each["kind"]: each for each in one["phones"] if each["kind"] not in _OWN_PHONES}
            for one in (was, row)
        ]
        assert kept[0] == kept[1], f"A telephone number is not ours to change: {_told(was, row)}"

    def _has_reached_xero(self, side: Side, learner_id: int, row: Row) -> None:
        facts = side.typed[learner_id]
        self.owner[row["contact_id"]] = learner_id
        self.written[row["contact_id"]] = facts, row
        self.forget(learner_id)
        self.facts[learner_id].append(facts)

    # What the pages show.

    def judge_page(self, side: Side, learner_id: int, shown: Shown) -> None:
        """Look at a page at any moment, however much of Xero is not known here yet.

        :raises AssertionError: it shows a document of somebody whose name and address are others',
            with no reason; or of a contact that belongs to another learner.
        """
        for number in sorted(shown.documents):
            places = self.since_sweep(side, number, self.places)
            assert any(self._is_defensible(side, learner_id, each) for each in places), (
                f"{side.typed[learner_id]} of portal {side.at} is shown {number} of "
                f"{_told(*(self.contacts[each] for each in places))}"
            )

    def _is_defensible(self, side: Side, learner_id: int, contact_id: str) -> bool:
        if self._may_show(learner_id, contact_id):
            return True
        if (known := self.known(side, learner_id, contact_id)) is not None:
            return known
        facts = side.typed[learner_id]
        return any(
            oracle.same_number(facts, each) and oracle.agrees(facts, each)
            for each in self.since_sweep(side, contact_id, self.versions)
        ) or any(self._is_defensible(side, learner_id, each) for each in self.losers(contact_id))

    # How it stands in the end.

    def judge_end(self, side: Side, learner_id: int, shown: Shown) -> None:
        """Look at a page once all is known, by the whole rule.

        :raises AssertionError: it shows too much or too little; or a ticked learner is neither in
            Xero as it is here, nor says its page why not.
        """
        facts = side.typed[learner_id]
        who = f"{facts} of portal {side.at}"
        linked = {each for each in self.order if self.is_linked(side, learner_id, each)}
        documents = {number for number, places in self.places.items() if places[-1] in linked}
        wrong = {number: self.contacts[self.places[number][-1]] for number in shown.documents}
        wrong = {
            number: row
            for number, row in wrong.items()
            if number not in documents and not self._may_show(learner_id, row["contact_id"])
        }
        assert not wrong, f"{who} is shown {list(wrong)} of {_told(*wrong.values())}"
        kept_off = [
            each for each in sorted(shown.documents) if self.is_kept_off(side, learner_id, each)
        ]
        assert not kept_off, f"{who} is shown {kept_off}, which a merge took from somebody else"
        missing = {
            number: self.contacts[self.places[number][-1]]
            for number in documents - shown.documents
            if not self._may_show(None, self.places[number][-1])
            and not self.may_be_kept_off(learner_id, number)
        }
        assert not missing, f"{who} is not shown {list(missing)} of {_told(*missing.values())}"
        says = shown.standing
        if not side.ticked[learner_id]:
            assert says.startswith(sides.NOT_TICKED), f"{who} says {says}"
            return
        own = [self.contacts[each] for each in self.order if each in linked]
        more = [
            each
            for at, each in self.contacts.items()
            if at not in linked and self._may_show(learner_id, at)
        ]
        # What may be the learner's counts or not; and of what was merged, the loser alone may.
        gone = [each for each in more if each["status"] != "ACTIVE"]
        assert any(
            self._stands_so(facts, each, shown) for each in (own, [*own, *more], [*own, *gone])
        ), f"{who} is {_told(*own)} in Xero, but says {says}, and asks {shown.questions}"

    def _may_show(self, learner_id: int | None, contact_id: str) -> bool:
        return self.may_be(learner_id, contact_id) or self.may_follow(learner_id, contact_id)

    def _stands_so(self, facts: Facts, own: Sequence[Row], shown: Shown) -> bool:
        """Whether a learner whose contacts these are stands as its page says."""
        says, active = shown.standing, [one for one in own if one["status"] == "ACTIVE"]
        # Accounts may have made another one of the same number and name: one of them is named.
        named = [one for one in active if says.startswith(sides.in_xero_as(one["name"]))]
        good = {
            sides.IN_XERO: any(self._is_in_step(facts, one) for one in named)
            or (len(named) == len(active) == 1 and self._is_succeeded(facts, own)),
            sides.ARCHIVED: not active and bool(own),
            sides.ASKED: bool(shown.questions),
            sides.REFUSED: len(says) > len(sides.REFUSED),
        }
        return any(holds for word, holds in good.items() if says.startswith(word))

    def _is_succeeded(self, facts: Facts, own: Sequence[Row]) -> bool:
        """Whether a learner was written as it is to a contact that people then archived or merged.

        Another one that is the learner's too stands in for it, as accounts have it: nothing of the
        learner changed since, so nothing is sent.
        """
        written = (self.written.get(one["contact_id"]) for one in own if one["status"] != "ACTIVE")
        return any(each is not None and each[0] == facts for each in written)

    def _is_in_step(self, facts: Facts, contact: Row) -> bool:
        """Whether a contact is what the learner is, but for what people changed in Xero since."""
        if _is_as_typed(facts, contact):
            return True
        written = [self.written.get(each) for each in self._family(contact["contact_id"])]
        return any(each is not None and each[0] == facts for each in written) and (
            self.written.get(contact["contact_id"]) != (facts, contact)
        )


def _is_as_typed(facts: Facts, contact: Row) -> bool:
    return (
        contact["status"] == "ACTIVE"
        and contact["number"] == facts.number
        and contact["name"] in names_of(facts)
        and (not facts.email or contact["email"] == facts.email)
    )


def _told(*contacts: Row | None) -> str:
    return "; ".join(map(oracle.brief, contacts)) or "nobody"
