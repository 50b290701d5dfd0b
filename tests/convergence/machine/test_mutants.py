"""The machine notices when one of the mends is taken out."""

import ast

import pytest

from tests.convergence.machine import mutants, playing
from tests.convergence.machine.stage import Stage
from tests.support.tally import tally

_cases = pytest.mark.parametrize("case", mutants.CASES, ids=lambda case: str(case.mutant.__name__))
# A rule that leads to a fault, and some that do not.
_FEW = ("harm", "time_passes", "heal", "valkey_forgets")


@pytest.fixture
def thorough(pytestconfig: pytest.Config) -> None:
    """Leave out a test that takes minutes, unless asked for it."""
    if not pytestconfig.getoption("machine_mutants", default=False):
        pytest.skip("`make soak` plays this, too")


@pytest.mark.slow
@pytest.mark.timeout(300)
@_cases
def test_what_is_told_of_a_mend_fails_only_where_it_is_taken_out(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    case: mutants.Case,
) -> None:
    if not case.is_quick:
        request.getfixturevalue("thorough")
    playing.replay(stage, case.told)
    case.mutant(monkeypatch)

    with tally.put_aside(), pytest.raises(AssertionError, match=case.says):
        playing.replay(stage, case.told)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@_cases
def test_search_finds_a_mend_that_is_taken_out(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, thorough: None, case: mutants.Case
) -> None:
    case.mutant(monkeypatch)

    with tally.put_aside():
        found = playing.search(stage, seed=1, examples=case.examples, shrink=False, only=case.only)

    assert found is not None
    assert isinstance(found.error, AssertionError)
    tally.count(f"examples until found: {case.mutant.__name__}", found.examples)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_fails_is_made_small_and_told_so_that_it_plays_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, thorough: None
) -> None:
    mutants.contacts_are_not_counted(monkeypatch)

    with tally.put_aside(), pytest.raises(AssertionError) as failed:
        # Few, so that there is an end of leaving out within the minutes that hypothesis takes.
        playing.play(stage, seed=1, examples=50, only=_FEW, steps=5)

    (note,) = (one for one in failed.value.__notes__ if one.startswith(playing.TELL))
    told = ast.literal_eval(note.removeprefix(playing.TELL).strip())
    assert [name for name, _ in told] == ["begin", "harm"]
    with tally.put_aside(), pytest.raises(AssertionError) as again:
        playing.replay(stage, told)
    assert str(again.value) == str(failed.value)
