"""What may happen in a schedule: each step is plain values, so that it prints as what it was."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.convergence.identities.oracle import Facts
from tests.convergence.identities.sides import Side
from tests.convergence.identities.stage import Stage, Turn
from tests.support import valkey_flush

# So few that they meet: the first number, name and address are of one person, and so on.
NUMBERS = ("1001", "1002", "1003")
PEOPLE = (("Ann", "Lee"), ("Ben", "Ito"), ("Cém", "Ali"))
EMAILS = ("ann@example.com", "ben@example.com", "cem@example.com", "")
# As people write the names in Xero.
SPELLINGS = ("{given} {family}", "{family}, {given}", "{given}  {family}", "{given} X {family}")
_ASIDE = "9000"


def facts_of(number: int, person: int, email: int) -> Facts:
    """Return what is typed of a learner."""
    return Facts(NUMBERS[number], *PEOPLE[person], EMAILS[email])


@dataclass(frozen=True)
class Save:
    """Somebody saves a learner by the form: a new one, or as somebody else than before."""

    side: int
    slot: int
    number: int
    person: int
    email: int
    ticked: bool

    def play(self, stage: Stage) -> None:
        """Save it."""
        facts = facts_of(self.number, self.person, self.email)
        stage.save(stage.sides[self.side], self.slot, facts, ticked=self.ticked)


@dataclass(frozen=True)
class Tick:
    """Somebody sets or takes away a learner's tick, and changes nothing else."""

    side: int
    slot: int
    ticked: bool

    def play(self, stage: Stage) -> None:
        """Save it as it is."""
        side = stage.sides[self.side]
        if (learner_id := side.slots.get(self.slot)) is not None:
            stage.save(side, self.slot, side.typed[learner_id], ticked=self.ticked)


@dataclass(frozen=True)
class Swap:
    """Two learners of a portal take each other's number, by way of a third one."""

    side: int
    one: int
    two: int

    def play(self, stage: Stage) -> None:
        """Save three times."""
        side = stage.sides[self.side]
        if self.one == self.two or not {self.one, self.two} <= side.slots.keys():
            return
        one, two = (side.typed[side.slots[slot]] for slot in (self.one, self.two))
        self._renumber(stage, side, self.one, _ASIDE)
        self._renumber(stage, side, self.two, one.number)
        self._renumber(stage, side, self.one, two.number)

    def _renumber(self, stage: Stage, side: Side, slot: int, number: str) -> None:
        learner_id = side.slots[slot]
        facts = side.typed[learner_id]._replace(number=number)
        stage.save(side, slot, facts, ticked=side.ticked[learner_id])


@dataclass(frozen=True)
class MakeContact:
    """Somebody makes a contact in Xero, with an invoice; -1 is no number, as by Xero's pages."""

    number: int
    person: int
    email: int
    spelling: int = 0

    def play(self, stage: Stage) -> None:
        """Make it, with what the LRM must leave alone."""
        made = stage.act(
            "contacts",
            act="create",
            **_values(self.number, self.person, self.email, self.spelling),
            account_number="A-1",
            tax_number="51 824 753 556",
            website="https://example.com/",
            address={"kind": "POBOX", "line1": "PO Box 1"},
            person={"first_name": "Una", "email": "una@example.com"},
        )
        if made:
            stage.invoice(made)


def _values(number: int, person: int, email: int, spelling: int) -> dict[str, Any]:
    given, family = PEOPLE[person]
    name = SPELLINGS[spelling].format(given=given, family=family)
    return {
        "name": name,
        "number": NUMBERS[number] if number >= 0 else "",
        "email": EMAILS[email],
    }


@dataclass(frozen=True)
class ChangeContact:
    """Somebody changes a contact in Xero: one of those that schedules play with."""

    act: str
    pick: int
    value: int = 0

    def play(self, stage: Stage) -> None:
        """Do it, where Xero allows it."""
        contacts = stage.in_play()
        if not contacts:
            return
        one = contacts[self.pick % len(contacts)]
        if self.act in ("archive", "restore"):
            stage.act("contacts", act=self.act, id=one)
        elif self.act == "invoice":
            stage.invoice(one)
        else:
            stage.act("contacts", act="update", id=one, **self._changed())

    def _changed(self) -> dict[str, Any]:
        values = _values(
            self.value % len(NUMBERS), self.value % len(PEOPLE), self.value % len(EMAILS), 0
        )
        given, family = PEOPLE[self.value % len(PEOPLE)]
        names = {"given_name": given, "family_name": family}
        changed: dict[str, dict[str, Any]] = {
            "rename": {"name": values["name"], **names},
            "renumber": {"number": values["number"]},
            "unnumber": {"number": ""},
            "readdress": {"email": values["email"]},
            # Somebody else from now on, but for the number.
            "become": {"name": values["name"], **names, "email": values["email"]},
        }
        return changed[self.act]


@dataclass(frozen=True)
class Merge:
    """Somebody merges one contact into another; what Xero moves besides, nobody knows."""

    loser: int
    winner: int
    documents_stay: bool
    number: str

    def play(self, stage: Stage) -> None:
        """Merge them, where Xero allows it."""
        contacts = stage.in_play()
        if len(contacts) > 1:
            one, two = (contacts[at % len(contacts)] for at in (self.loser, self.winner))
            moves = {"documents_stay": self.documents_stay, "number": self.number}
            stage.act("contacts", act="merge", loser=one, winner=two, **moves)


@dataclass(frozen=True)
class Answer:
    """Somebody answers one of the questions on a learner's page."""

    side: int
    slot: int
    pick: int
    says: str

    def play(self, stage: Stage) -> None:
        """Press the button, where there is one."""
        side = stage.sides[self.side]
        if (learner_id := side.slots.get(self.slot)) is None:
            return
        asked = [
            contact_id
            for contact_id, buttons in side.shown(learner_id).questions
            if self.says in buttons
        ]
        if asked:
            stage.answer(side, learner_id, asked[self.pick % len(asked)], self.says)


@dataclass(frozen=True)
class Work:
    """A worker takes a turn; where `dies_after` is given it dies at that statement."""

    turn: Turn
    side: int
    dies_after: int | None = None

    def play(self, stage: Stage) -> None:
        """Work."""
        stage.work(self.turn, stage.sides[self.side], dies_after=self.dies_after)


@dataclass(frozen=True)
class Kill:
    """A worker process is killed so many milliseconds into its push."""

    side: int
    after: int

    def play(self, stage: Stage) -> None:
        """Kill it where it is."""
        stage.work_and_be_killed(stage.sides[self.side], after=self.after / 1000)


@dataclass(frozen=True)
class Fault:
    """The next calls about contacts go wrong."""

    answer: tuple[tuple[str, Any], ...]
    method: str
    times: int

    def play(self, stage: Stage) -> None:
        """Script it."""
        match = {"host": "api", "path": "Contacts", "method": self.method}
        stage.fail(match=match, times=self.times, answer=dict(self.answer))


@dataclass(frozen=True)
class Heal:
    """Nothing goes wrong any more."""

    def play(self, stage: Stage) -> None:
        """Forget all faults."""
        stage.heal()


@dataclass(frozen=True)
class Webhooks:
    """How deliveries go wrong from now on."""

    lose_next: int
    double: bool
    shuffle: bool

    def play(self, stage: Stage) -> None:
        """Turn the knobs."""
        stage.world.do("webhooks", **self.__dict__)


@dataclass(frozen=True)
class Deliver:
    """What is pending leaves at once, and is fetched for both portals."""

    def play(self, stage: Stage) -> None:
        """Flush it, then take the events."""
        stage.world.do("webhooks/flush")
        for side in stage.sides:
            stage.work("events", side)


@dataclass(frozen=True)
class Pass:
    """Time passes, here and in Xero."""

    minutes: int

    def play(self, stage: Stage) -> None:
        """Move both clocks."""
        stage.later(timedelta(minutes=self.minutes))


@dataclass(frozen=True)
class Flush:
    """Valkey loses everything."""

    def play(self, stage: Stage) -> None:
        """Flush this test's database."""
        valkey_flush.forget_all()


Step = (
    Save
    | Tick
    | Swap
    | MakeContact
    | ChangeContact
    | Merge
    | Answer
    | Work
    | Kill
    | Fault
    | Heal
    | Webhooks
    | Deliver
    | Pass
    | Flush
)
