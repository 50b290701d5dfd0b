"""Each mend taken out again, one at a time, with a story in which the oracle must notice it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from invoices import withheld
from invoices.rules import identity
from tests.convergence.identities import steps
from tests.convergence.identities.steps import Step
from xero_sync.contacts import look_ups, ownership
from xero_sync.store import contact_merges, identity_verdicts, link_history

Mutant = Callable[[pytest.MonkeyPatch], None]


def number_alone_is_enough(patch: pytest.MonkeyPatch) -> None:
    """An equal number makes a learner and a contact the same person."""
    doubts = (identity.Why.NUMBER_ALONE, identity.Why.SHARED_EMAIL)
    table = tuple(
        (holds, identity.Answer.LINKED, identity.Why.NAME) if why in doubts else (holds, says, why)
        for holds, says, why in identity.TABLE
    )
    patch.setattr(identity, "TABLE", table)


def no_link_ends(patch: pytest.MonkeyPatch) -> None:
    """What was linked once stays so, whatever is corrected."""
    patch.setattr(link_history, "end", lambda **_: None)


def first_write_needs_no_agreement(patch: pytest.MonkeyPatch) -> None:
    """A contact that we did not make is written over without a look at it."""
    patch.setattr(ownership, "disagreeing", lambda *_: [])


def nobody_looks_for_the_name(patch: pytest.MonkeyPatch) -> None:
    """Where Xero refuses a name, a contact with a unique one is made at once."""
    patch.setattr(look_ups, "namesakes", lambda *arguments: (arguments[2], []))


def push_knows_no_contact(patch: pytest.MonkeyPatch) -> None:
    """A push does not note its contact, and finds it by what the learner has become."""

    patch.setattr(ownership, "note_many", lambda *_, **__: [])


def lost_reply_is_not_looked_up(patch: pytest.MonkeyPatch) -> None:
    """After a lost reply a contact is made again, as the learner is by now."""
    patch.setattr(ownership, "is_in_doubt", lambda _: False)


def portals_are_not_kept_apart(patch: pytest.MonkeyPatch) -> None:
    """What another portal on the organisation made or wrote is nobody's."""
    holders = identity_verdicts._holders

    def of_this_portal(*arguments: Any, **options: Any) -> Any:
        found = holders(*arguments, **options)
        for contact_id, holds in found.items():
            found[contact_id] = {each for each in holds if not each.is_of_another_portal}
        return found

    patch.setattr(identity_verdicts, "_holders", of_this_portal)


def no_merge_is_followed(patch: pytest.MonkeyPatch) -> None:
    """What Xero merged shows nowhere."""
    patch.setattr(contact_merges, "around", lambda *_: contact_merges.NONE)


def moved_documents_show_at_once(patch: pytest.MonkeyPatch) -> None:
    """What a merge moved from one learner's contact to another's shows on the other's page."""
    patch.setattr(withheld, "of_learner", lambda *_, **__: withheld.NOTHING)


def stranger_is_written_over(patch: pytest.MonkeyPatch) -> None:
    """An equal number is enough to write over a contact that we did not make."""
    number_alone_is_enough(patch)
    first_write_needs_no_agreement(patch)


SHOWN, NOT_SHOWN = "is shown", "is not shown"
WRITTEN_OVER, MADE_TWICE = "wrote over a stranger", "was made twice"
_LAST = -1  # The contact that was made last.
_NO_NUMBER = -1
_ANN, _BEN, _CEM = range(3)


def _contact(who: int, *, number: int | None = None, spelling: int = 0) -> Step:
    number = who if number is None else number
    return steps.MakeContact(number, who, who, spelling)


def _learner(
    who: int, *, slot: int = 0, side: int = 0, number: int | None = None, ticked: bool = True
) -> Step:
    return steps.Save(side, slot, who if number is None else number, who, who, ticked=ticked)


def _push(side: int = 0) -> Step:
    return steps.Work("push", side)


def _sweep(side: int = 0) -> Step:
    return steps.Work("sweep", side)


@dataclasses.dataclass(frozen=True)
class Case:
    """A mutant: the fault that comes back with it, how the oracle words that, and the story."""

    mutant: Mutant
    fault: str
    words: str
    story: tuple[Step, ...]


CASES = (
    # What once happened to people, row by row.
    Case(
        number_alone_is_enough,
        "a learner typed with the number of a stranger's contact is shown the stranger's invoices",
        SHOWN,
        (_contact(_ANN), _sweep(), _learner(_BEN, number=_ANN, ticked=False)),
    ),
    Case(
        no_link_ends,
        "they show on after the learner was corrected",
        SHOWN,
        (
            *(_contact(_ANN), _sweep(), _learner(_ANN, ticked=False)),
            _learner(_BEN, ticked=False),
        ),
    ),
    Case(
        stranger_is_written_over,
        "a ticked learner renames the stranger's contact",
        WRITTEN_OVER,
        (_contact(_ANN), _learner(_BEN, number=_ANN), _push()),
    ),
    Case(
        nobody_looks_for_the_name,
        "beside a contact that accounts made by hand a second one is made",
        MADE_TWICE,
        (_contact(_ANN, number=_NO_NUMBER), _learner(_ANN), _push()),
    ),
    Case(
        no_merge_is_followed,
        "after a merge in Xero the learner's page is empty",
        NOT_SHOWN,
        (
            *(_contact(_BEN, number=_NO_NUMBER), _learner(_ANN), _push(), _sweep()),
            steps.Merge(_LAST, _LAST - 1, documents_stay=False, number="stays"),
        ),
    ),
    Case(
        push_knows_no_contact,
        "a number handed on before the first push went leaves the first contact behind",
        MADE_TWICE,
        (
            *(_contact(_ANN, spelling=1), _sweep(), _learner(_ANN), _learner(_ANN, number=_CEM)),
            *(_learner(_BEN, slot=1, number=_ANN), _push()),
        ),
    ),
    Case(
        portals_are_not_kept_apart,
        "of two portals on one organisation one shows the other's contact",
        SHOWN,
        (
            *(_learner(_ANN), _push(), steps.ChangeContact("invoice", _LAST)),
            *(_learner(_ANN, side=1, ticked=False), _sweep(side=1)),
        ),
    ),
    # And what was found since.
    Case(
        first_write_needs_no_agreement,
        "a contact that somebody made another person's just now is written over",
        WRITTEN_OVER,
        (
            *(_contact(_ANN), _sweep(), _learner(_ANN)),
            *(steps.ChangeContact("become", _LAST, _BEN), _push()),
        ),
    ),
    Case(
        lost_reply_is_not_looked_up,
        "a contact is made twice after a lost reply",
        MADE_TWICE,
        (
            *(_learner(_ANN), steps.Fault((("cut", "after"),), "PUT", 1), _push()),
            *(_learner(_BEN), steps.Pass(25), _push()),
        ),
    ),
    Case(
        moved_documents_show_at_once,
        "a merge shows one learner's invoices to another",
        "which a merge took from somebody else",
        (
            *(_learner(_ANN), _push(), _learner(_BEN, slot=1), _push()),
            *(steps.ChangeContact("invoice", _LAST - 1), _sweep()),
            steps.Merge(_LAST - 1, _LAST, documents_stay=False, number="stays"),
        ),
    ),
)
