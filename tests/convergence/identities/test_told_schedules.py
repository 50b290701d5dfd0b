"""Schedules that were once told wrong, by the product or by its oracle, in as few steps as do."""

from collections.abc import Sequence

import pytest

from tests.convergence.identities import schedules, steps
from tests.convergence.identities.stage import Stage
from tests.convergence.identities.steps import Step

_LOST_REPLY = steps.Fault((("cut", "after"),), "PUT", 1)
_LAST = -1


@pytest.mark.slow
@pytest.mark.parametrize("act", ["renumber", "unnumber"])
def test_contact_found_after_a_lost_reply_stays_its_learners_whatever_its_number(
    identities: Stage, act: str
) -> None:
    """The oracle took the contact for nobody's, because a turn that met no fault still might."""
    found: Sequence[Step] = [
        steps.Save(0, 0, 0, 0, 0, ticked=True),
        _LOST_REPLY,
        steps.Work("push", 0),
        steps.Pass(25),
        steps.Work("push", 0),
        steps.ChangeContact(act, _LAST, 1),
    ]

    assert not schedules.play_steps(identities, found)


@pytest.mark.slow
def test_learner_whose_question_another_portals_merge_has_answered_goes_on(
    identities: Stage,
) -> None:
    """Its name was asked about; then the contact that has it became another portal's learner."""
    found: Sequence[Step] = [
        steps.MakeContact(0, 0, 3),
        steps.Save(0, 1, 0, 0, 0, ticked=True),
        steps.Work("sweep", 0),
        steps.Work("sweep", 1),
        steps.Save(1, 0, 1, 1, 1, ticked=True),
        steps.Work("push", 1),
        steps.Merge(_LAST, _LAST - 1, documents_stay=False, number="moves"),
        steps.Work("sweep", 1),
        steps.Work("push", 1),
    ]

    assert not schedules.play_steps(identities, found)


@pytest.mark.slow
def test_contact_found_after_a_lost_reply_is_no_twin_of_somebody_elses_in_another_portal(
    identities: Stage,
) -> None:
    """It was unnumbered since: the oracle took the contact for nobody's, and so for the other's."""
    found: Sequence[Step] = [
        steps.MakeContact(1, 2, 0),
        steps.Work("sweep", 0),
        steps.Work("sweep", 1),
        steps.Save(1, 1, 0, 0, 0, ticked=True),
        _LOST_REPLY,
        steps.Work("push", 1),
        steps.Save(1, 1, 1, 1, 1, ticked=True),
        steps.Pass(25),
        steps.Work("push", 1),
        steps.ChangeContact("unnumber", _LAST),
        steps.Save(0, 2, 0, 0, 0, ticked=True),
    ]

    assert not schedules.play_steps(identities, found)


@pytest.mark.slow
def test_contact_that_another_portal_holds_by_a_merge_is_no_twin_before_it_hears_of_its_end(
    identities: Stage,
) -> None:
    """Somebody restored what was merged into it: the oracle took it for free at that moment."""
    found: Sequence[Step] = [
        steps.Save(0, 1, 1, 1, 2, ticked=True),
        steps.MakeContact(-1, 1, 1),
        steps.Save(1, 0, 2, 2, 2, ticked=True),
        steps.Work("push", 1),
        steps.Merge(_LAST, _LAST - 1, documents_stay=True, number="moves"),
        steps.Work("sweep", 1),
        steps.ChangeContact("restore", 11, 67),
    ]

    assert not schedules.play_steps(identities, found)


_MADE = (steps.Save(0, 1, 2, 2, 2, ticked=True), steps.Work("push", 0))
# Learners with several contacts, or with one that people put away: the oracle wanted one alone.
_SEVERAL: dict[str, Sequence[Step]] = {
    "archived, and made anew in other words": (
        *_MADE,
        steps.ChangeContact("archive", _LAST, 50),
        steps.MakeContact(2, 2, 3, spelling=2),
    ),
    "merged into another, and made anew": (
        steps.MakeContact(-1, 0, 2),
        *_MADE,
        steps.Merge(_LAST, _LAST - 1, documents_stay=False, number="stays"),
        steps.MakeContact(2, 2, 2),
    ),
    "two of one number and name before the learner": (
        steps.MakeContact(2, 2, 2),
        steps.MakeContact(2, 2, 2, spelling=1),
        steps.Save(0, 1, 2, 2, 2, ticked=True),
    ),
    "renamed to somebody of the same number": (
        *_MADE,
        steps.MakeContact(2, 1, 1),
        steps.Save(0, 1, 2, 1, 1, ticked=True),
    ),
    "one of two namesakes merged into the other while a reply is lost": (
        steps.Fault((("named", "unavailable"),), "POST", 1),
        steps.Save(0, 0, 2, 1, 1, ticked=True),
        steps.Save(0, 1, 1, 1, 1, ticked=True),
        steps.Work("push", 0),
        steps.Merge(_LAST, _LAST - 1, documents_stay=False, number="freed"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", _SEVERAL)
def test_contact_that_the_page_names_is_right_whatever_others_there_are(
    identities: Stage, name: str
) -> None:
    assert not schedules.play_steps(identities, _SEVERAL[name])
