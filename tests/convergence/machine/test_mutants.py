"""The machine notices when one of the mends is taken out."""

import pytest
from pytest_django.fixtures import Settings

from tests.convergence.machine import mutants, playing
from tests.convergence.machine.stage import Stage
from tests.convergence.tally import tally

# More than any of them needs.
_EXAMPLES, _STEPS = 3, 3


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", mutants.CASES, ids=lambda case: case.mutant.__name__)
def test_machine_catches_a_mend_that_is_taken_out(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    pytestconfig: pytest.Config,
    case: mutants.Case,
) -> None:
    if not (case.is_quick or pytestconfig.getoption("machine_mutants", default=False)):
        pytest.skip("`make soak` takes this one out, too")
    if not case.is_noticed:
        pytest.xfail("its story does not lead to the fault yet")
    case.mutant(monkeypatch)
    # Shorter than in other tests, as one of them waits for it again and again.
    settings.XERO_READ_SECONDS = 2

    with tally.put_aside(), pytest.raises(AssertionError):
        playing.play(
            stage,
            seed=1,
            examples=_EXAMPLES,
            steps=_STEPS,
            shrink=False,
            story=case.story,
            is_filled=case.is_filled,
            only=("time_passes",),
        )
