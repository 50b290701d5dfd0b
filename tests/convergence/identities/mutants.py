"""Each mend taken out again, one at a time: what the oracle must notice."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from invoices import identity, withheld
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


def corrected_learner_keeps_the_stranger(patch: pytest.MonkeyPatch) -> None:
    """A link by a number typed wrong stays, and what it leads to is written without a look."""
    no_link_ends(patch)
    first_write_needs_no_agreement(patch)


SHOWN, NOT_SHOWN = "is shown", "is not shown"
WRITTEN_OVER, MADE_TWICE = "wrote over a stranger", "was made twice"


@dataclasses.dataclass(frozen=True)
class Case:
    """A mutant: the fault that comes back with it, in whose words, and seeds that notice it.

    Found in advance; should the schedules be drawn otherwise one day, others will notice.
    """

    mutant: Mutant
    fault: str
    words: tuple[str, ...]
    seeds: tuple[int, ...]


CASES = (
    Case(
        number_alone_is_enough,
        "a learner with the number of somebody else's contact is shown that person's invoices",
        (SHOWN,),
        (1, 4),
    ),
    Case(
        no_link_ends,
        "they show on after the number was corrected, for ever",
        (SHOWN,),
        (1, 17),
    ),
    Case(
        corrected_learner_keeps_the_stranger,
        "the corrected learner, once ticked, renames the stranger's contact",
        (WRITTEN_OVER,),
        (1,),
    ),
    Case(
        nobody_looks_for_the_name,
        "beside a contact that accounts made by hand a second one is made",
        (MADE_TWICE,),
        (2, 3),
    ),
    Case(
        no_merge_is_followed,
        "after a merge in Xero the learner's page is empty, and the push is parked",
        (NOT_SHOWN, "is nobody in Xero"),
        (15, 6),
    ),
    Case(
        push_knows_no_contact,
        "a number handed on before the first push went sends both to one contact",
        (WRITTEN_OVER, MADE_TWICE, SHOWN),
        (27, 29),
    ),
    Case(
        portals_are_not_kept_apart,
        "one portal writes over, and shows, the contact of another on the same organisation",
        (WRITTEN_OVER, SHOWN),
        (5, 3),
    ),
    Case(
        first_write_needs_no_agreement,
        "a contact that became somebody else in Xero is written over",
        (WRITTEN_OVER,),
        (18, 15),
    ),
    Case(
        lost_reply_is_not_looked_up,
        "a contact is made twice after a lost reply",
        (MADE_TWICE,),
        (11, 7),
    ),
    Case(
        moved_documents_show_at_once,
        "a merge shows one learner's invoices to another",
        ("which a merge took from somebody else",),
        (1,),
    ),
)
