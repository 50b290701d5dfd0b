"""Each mend taken out again, one at a time: what the oracle must notice."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from invoices import identity
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


@dataclasses.dataclass(frozen=True)
class Case:
    """A mutant, and seeds whose schedules notice it, found in advance."""

    mutant: Mutant
    seeds: tuple[int, ...]


CASES = (
    Case(number_alone_is_enough, (1, 4)),
    Case(no_link_ends, (1, 17)),
    Case(first_write_needs_no_agreement, (18, 15)),
    Case(nobody_looks_for_the_name, (2, 3)),
    Case(push_knows_no_contact, (27, 29)),
    Case(lost_reply_is_not_looked_up, (11, 7)),
    Case(portals_are_not_kept_apart, (5, 3)),
    Case(no_merge_is_followed, (15, 6)),
)
