"""The machine notices when one of the mends is taken out."""

import pytest

from tests.convergence.machine import mutants, playing
from tests.convergence.machine.stage import Stage
from tests.convergence.tally import tally

# More than any of them needs.
_EXAMPLES = 40


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", mutants.CASES, ids=lambda case: case.mutant.__name__)
def test_machine_catches_a_mend_that_is_taken_out(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
    case: mutants.Case,
) -> None:
    if not (case.is_quick or pytestconfig.getoption("machine_mutants", default=False)):
        pytest.skip("`make soak` takes this one out, too")
    case.mutant(monkeypatch)

    with tally.put_aside(), pytest.raises(AssertionError):
        playing.play(stage, seed=case.seed, examples=_EXAMPLES, only=tuple(case.only), shrink=False)
