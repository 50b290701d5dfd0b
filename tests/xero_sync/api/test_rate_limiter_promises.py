"""Whatever bulk, people and time do in whatever order, the limiter keeps what it promises.

The model is the plainest there is: a list of the calls that ended, and when. It says after each
turn what had to be allowed and what had not, and what people would find if they came now. Real
time passes, too: where a moment is closer than that to an edge, either answer is right.
"""

import dataclasses
import uuid
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import limiting
from tests.support.limiting import STARTER
from xero_sync.api import rate_limiter
from xero_sync.api.rate_limiter import Lane

KNOWN = dataclasses.replace(STARTER, minute=24, day=100_000, app_minute=100_000)
MINUTE, LOAN = KNOWN.minute_window, KNOWN.loan_seconds
OWN, MOST, ALL = KNOWN.of_bulk().minute, KNOWN.minute_with_loan, KNOWN.minute
# What a slow machine takes for a few turns at most.
DOUBT = 1.0

lanes = st.sampled_from([Lane.BULK, Lane.BULK, Lane.PEOPLE])
# Just before bulk may borrow, and just after.
early, late = MINUTE - LOAN - DOUBT - 1, MINUTE - LOAN + DOUBT + 1
pauses = st.sampled_from([0.0, 3.0, 20.0, early, late])
turns = st.lists(st.tuples(lanes, st.sampled_from([1, 5, ALL]), pauses), min_size=2, max_size=10)


@dataclass
class Model:
    """The calls that ended, and when people last asked, by a clock that only pauses move."""

    now: float = 1000.0
    ended: list[float] = field(default_factory=list)
    people_at: float = 0.0

    def within(self, seconds: float) -> int:
        """Return how many calls ended within the last so many seconds."""
        return sum(one > self.now - seconds for one in self.ended)

    def may(self, lane: Lane, doubt: float) -> bool:
        """Return whether a call may start if all that happened was `doubt` seconds ago by more."""
        count = self.within(MINUTE - doubt)
        if lane is Lane.PEOPLE:
            return count < ALL
        if count < OWN:
            return True
        is_quiet = self.people_at <= self.now - MINUTE + doubt
        # With one more, all above its own share are back after a loan.
        return is_quiet and count < MOST and self.within(MINUTE - LOAN - doubt) < OWN


def ask(model: Model, counter: limiting.Counter, lane: Lane) -> bool:
    """Make one call where it is allowed, and hold the answer against the model."""
    surely, perhaps = model.may(lane, -DOUBT), model.may(lane, DOUBT)
    if lane is Lane.PEOPLE:
        model.people_at = model.now
    answer = counter.ask(lane)
    if isinstance(answer, rate_limiter.Wait):
        assert not surely, (lane, model)
        return False
    assert perhaps, (lane, model)
    counter.give_back(answer)
    model.ended.append(model.now)
    return True


def people_find(model: Model, books: limiting.Books, counter: limiting.Counter) -> None:
    """Let people come now, with bulk beside them, and see that they get what is theirs."""
    theirs = ALL - OWN
    was_quiet = model.people_at <= model.now - MINUTE - DOUBT
    since = model.now - model.people_at
    lends_nothing = LOAN + DOUBT < since < MINUTE - DOUBT
    used = model.within(MINUTE + DOUBT)
    got = sum(ask(model, counter, Lane.PEOPLE) for _ in range(theirs))
    if was_quiet:
        assert got >= ALL - MOST
    elif lends_nothing and used <= OWN:
        assert got == theirs
    if not was_quiet:
        return
    ask(model, counter, Lane.BULK)
    pass_time(model, books, LOAN + DOUBT)
    ask(model, counter, Lane.BULK)
    got += sum(ask(model, counter, Lane.PEOPLE) for _ in range(theirs - got))
    assert got == theirs


def pass_time(model: Model, books: limiting.Books, seconds: float) -> None:
    """Let time pass in the books and in the model."""
    books.let_pass(seconds)
    model.now += seconds


@settings(max_examples=60, deadline=None)
@given(turns=turns)
def test_limiter_keeps_its_promises_whatever_comes_in_whatever_order(
    turns: list[tuple[Lane, int, float]],
) -> None:
    with limiting.corner() as books:
        model, counter = Model(), limiting.Counter(books.limiter(KNOWN), uuid.uuid4())
        for lane, most, pause in [(Lane.PEOPLE, 1, 2 * MINUTE), *turns]:
            for _ in range(most):
                if not ask(model, counter, lane):
                    break
            assert model.within(MINUTE - DOUBT) <= ALL
            if pause:
                pass_time(model, books, pause)
        people_find(model, books, counter)
