"""Short stories that schedules are woven around, each told in other words every time.

Chance alone would rarely bring the same learner, contact and worker together in the order in which
it matters.
"""

import random
from collections.abc import Callable

from tests.convergence.identities import steps
from tests.convergence.identities.steps import Step

_LAST = -1  # The contact that was made last.
_NO_NUMBER = -1


class _Cast:
    """Who plays: a person and another, a portal, two of its learners."""

    def __init__(self, chance: random.Random) -> None:
        self.who, self.other = chance.sample(range(len(steps.PEOPLE)), 2)
        self.side = chance.choice([0, 0, 1])
        self.slot, self.second = chance.sample(range(2), 2)

    def contact(self, *, number: int | None = None) -> Step:
        """Have the person made by hand in Xero."""
        return steps.MakeContact(self.who if number is None else number, self.who, self.who)

    def learner(self, *, number: int | None = None) -> Step:
        """Have the person saved as a learner."""
        number = self.who if number is None else number
        return steps.Save(self.side, self.slot, number, self.who, self.who, ticked=True)

    def push(self) -> Step:
        """Have a worker push."""
        return steps.Work("push", self.side)

    def sweep(self) -> Step:
        """Have a worker sweep."""
        return steps.Work("sweep", self.side)


def _changed_behind_our_back(chance: random.Random) -> list[Step]:
    """A contact becomes somebody else just before it is written over for the first time."""
    cast = _Cast(chance)
    become = steps.ChangeContact("become", _LAST, cast.other)
    return [cast.contact(), cast.sweep(), cast.learner(), become, cast.push()]


def _handed_on(chance: random.Random) -> list[Step]:
    """A number goes to another learner before the first one's push has gone."""
    cast = _Cast(chance)
    moved = cast.learner(number=len(steps.NUMBERS) - 1 if cast.who == 0 else 0)
    second = steps.Save(
        cast.side, cast.second, cast.who, cast.other, cast.other, ticked=chance.random() < 0.8
    )
    # Spelled so, Xero does not refuse the learner's name: only the push knows the contact.
    made = steps.MakeContact(cast.who, cast.who, cast.who, spelling=1)
    return [made, cast.sweep(), cast.learner(), moved, second, cast.push()]


def _made_by_hand(chance: random.Random) -> list[Step]:
    """Accounts have made the person by hand, without a number."""
    cast = _Cast(chance)
    swept = [cast.sweep()] if chance.random() < 0.5 else []
    answer = steps.Answer(cast.side, cast.slot, 0, chance.choice(["yes", "no"]))
    made = cast.contact(number=_NO_NUMBER)
    return [made, *swept, cast.learner(), cast.push(), answer, cast.push()]


def _merged(chance: random.Random) -> list[Step]:
    """A learner's contact is merged into another, which accounts go on to invoice."""
    cast = _Cast(chance)
    target = steps.MakeContact(_NO_NUMBER, cast.other, chance.randrange(len(steps.EMAILS)))
    # In which order they are in play does not matter: either may be the learner's.
    number = chance.choice(["stays", "stays", "moves", "freed"])
    merge = steps.Merge(_LAST, _LAST - 1, chance.random() < 0.3, number)
    return [target, cast.learner(), cast.push(), merge, cast.sweep(), cast.push()]


def _merged_into_anothers(chance: random.Random) -> list[Step]:
    """A learner's contact, with its invoices, is merged into another learner's."""
    cast = _Cast(chance)
    other_side = chance.choice([cast.side, cast.side, 1 - cast.side])
    other = steps.Save(other_side, cast.second, cast.other, cast.other, cast.other, ticked=True)
    push = steps.Work("push", other_side)
    # Which two it takes does not matter much: nearly always one of these is the first.
    bill = steps.ChangeContact("invoice", _LAST)
    merge = steps.Merge(_LAST, _LAST - 1, chance.random() < 0.2, chance.choice(["stays", "freed"]))
    answer = steps.Answer(cast.side, cast.slot, 0, chance.choice(["yes", "no"]))
    swept = [steps.Work("sweep", side) for side in (0, 1)]
    made = [cast.learner(), cast.push(), bill, other, push, bill]
    return [*made, *swept, merge, *swept, *([answer] if chance.random() < 0.3 else [])]


def _same_in_both_portals(chance: random.Random) -> list[Step]:
    """The same person is a learner of both portals."""
    cast = _Cast(chance)
    there = steps.Save(
        1 - cast.side, cast.slot, cast.who, cast.who, cast.who, ticked=chance.random() < 0.5
    )
    invoice = steps.ChangeContact("invoice", _LAST)
    swept = steps.Work("sweep", 1 - cast.side)
    return [cast.learner(), cast.push(), invoice, there, swept, steps.Work("push", 1 - cast.side)]


def _typed_wrong(chance: random.Random) -> list[Step]:
    """A learner is typed as somebody else's contact, and corrected afterwards."""
    cast = _Cast(chance)
    wrong = steps.Save(cast.side, cast.slot, cast.who, cast.who, cast.other, ticked=False)
    right = steps.Save(cast.side, cast.slot, cast.other, cast.other, cast.other, ticked=True)
    return [cast.contact(), cast.sweep(), wrong, right, cast.push()]


def _lost_reply(chance: random.Random) -> list[Step]:
    """A contact is made, nobody hears of it, and the learner is somebody else when it goes on."""
    cast = _Cast(chance)
    lost = steps.Fault((("cut", "after"),), "PUT", 1)
    changed = steps.Save(cast.side, cast.slot, cast.other, cast.other, cast.other, ticked=True)
    return [cast.learner(), lost, cast.push(), changed, steps.Pass(25), cast.push()]


ALL: tuple[Callable[[random.Random], list[Step]], ...] = (
    *(_changed_behind_our_back, _handed_on, _made_by_hand, _merged, _same_in_both_portals),
    *(_typed_wrong, _lost_reply, _merged_into_anothers),
)
