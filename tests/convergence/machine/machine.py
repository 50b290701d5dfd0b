"""The machine: what may happen in Xero, on the way and here, in any order.

Each is a turn, and is checked after.
"""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from invoices.models import Contact, Document
from tests.convergence.identities import steps as people
from tests.convergence.machine.example import LISTS, may, noted
from tests.convergence.machine.in_xero import InXero
from tests.convergence.machine.on_the_way import OnTheWay
from tests.support.tally import FAULT, tally

TURNS = ("events", "sweep", "sweep_now", "run", "push", "check", "compare", "reread")
# More than any turn needs of so small books, with every kind of answer gone wrong.
MOST_CALLS = 90
MOST_CALLS_IN_VAIN = 4

_at = st.sampled_from([0, 0, 1])
_pick = st.integers(0, 30)
_death = st.one_of(st.none(), st.none(), st.integers(0, 90))
# About as many statements as it takes to connect.
_cut_off = st.one_of(st.none(), st.integers(0, 50))


class Machine(InXero, OnTheWay):
    """One example: two portals, one Xero, and what becomes of them."""

    @initialize(deaths=st.lists(_cut_off, min_size=1, max_size=2), filled=st.booleans())
    @noted
    def begin(self, deaths: list[int | None], filled: bool) -> None:
        """One or two connect, and may be cut off in the middle; some go on with full books."""
        for at, dies_after in enumerate(deaths):
            self.stage.add_portal()
            self.stage.connect(at, dies_after=dies_after)
        self.checks.all()
        if filled:
            for at in self.stage.portals:
                for turn in ("sweep", "run"):
                    self.stage.work(turn, at)
            self.checks.all()

    @may(minutes=st.sampled_from([1, 6, 25, 91, 60 * 25]))
    def time_passes(self, minutes: int) -> None:
        """Let both clocks jump."""
        tally.count(f"{FAULT}jump of the clock")
        self.stage.clock.later(timedelta(minutes=minutes))

    @may()
    def valkey_forgets(self) -> None:
        """Let Valkey lose everything."""
        self.stage.flush_valkey()

    @may(turn=st.sampled_from(TURNS), at=_at, dies_after=_death)
    def work(self, turn: str, at: int, dies_after: int | None) -> None:
        """Let a worker take a turn, to its end or to its death."""
        self.next()
        self.take_turn(turn, at, dies_after=dies_after)

    def take_turn(self, turn: str, at: int, *, dies_after: int | None = None) -> None:
        """Let a worker take a turn, and look at what came of it; nothing where there is none."""
        if not turn:
            return
        at = self.portal(at)
        self.is_troubled |= dies_after is not None
        self.stage.forget_calls()
        self.stage.work(turn, at, dies_after=dies_after)
        self._look_at_calls(turn, at)
        if turn == "check":
            self.checks.proof()
        self.checks.all()
        self.look(at)

    @may(turn=st.sampled_from(TURNS), at=_at)
    def work_without_valkey(self, turn: str, at: int) -> None:
        """Let a worker try while Valkey is away."""
        self.next()
        at = self.portal(at)
        self.is_troubled = True
        with self.stage.without_valkey():
            self.stage.work(turn, at)
        self.checks.all()

    @may(at=_at, slot=st.integers(0, 1), person=st.integers(0, 2), ticked=st.booleans())
    def save_learner(self, at: int, slot: int, person: int, ticked: bool) -> None:
        """Have somebody save a learner, perhaps as somebody else than before."""
        self.next()
        at = self.portal(at)
        self.stage.save(at, slot, people.facts_of(person, person, person), ticked=ticked)
        self.look(at)

    @may(at=_at, days=st.sampled_from([3000, 200, 30]))
    def ask_for_run(self, at: int, days: int) -> None:
        """Have somebody ask for a re-sync."""
        self.next()
        at = self.portal(at)
        self.stage.ask_for_run(at, days=days)

    @may(at=_at, pick=_pick, what=st.sampled_from(["document", "contact", "amount"]))
    def harm(self, at: int, pick: int, what: str) -> None:
        """Lose or alter a row, as a fault of ours would that nobody has found yet."""
        self.next()
        at = self.portal(at)
        side = self.stage.sides[at]
        if side is None:
            return
        rows: Any = (
            (Contact if what == "contact" else Document)
            .objects.filter(organisation_id=side.organisation_id)
            .order_by("xero_id")
        )
        if what == "amount":
            rows = rows.filter(status="AUTHORISED")
        if not (found := list(rows)):
            return
        tally.count(f"{FAULT}row harmed here: {what}")
        one = found[pick % len(found)]
        self.checks.harmed.add(str(one.xero_id))
        if what == "amount":
            type(one).objects.filter(pk=one.pk).update(amount_due=one.amount_due + 7)
        else:
            one.delete()

    def _look_at_calls(self, turn: str, at: int) -> None:
        """What cannot help is not done again and again, and what one kind lacks stops no other."""
        made = [call["path"].rpartition("/")[2] for call in self.stage.new_calls()]
        assert len(made) <= MOST_CALLS, f"A turn of {turn} cost {len(made)} calls"
        if not self.rejected or turn not in ("sweep", "sweep_now", "run"):
            return
        vain = made.count(self.rejected)
        assert vain <= MOST_CALLS_IN_VAIN, f"A turn of {turn} cost {vain} calls in vain"
        if turn == "sweep_now" and not self.is_troubled and self.stage.is_connected(at):
            left = [name for name in LISTS if name not in made]
            assert not left, f"{self.rejected} are rejected, so nobody asked for {left}"
