"""The oracle notices when one of the mends is taken out, by the fault that it mended."""

import pytest

from tests.convergence.identities import mutants, schedules
from tests.convergence.identities.stage import Stage


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", mutants.CASES, ids=lambda case: case.mutant.__name__)
def test_mend_that_is_taken_out_is_missed(
    identities: Stage, monkeypatch: pytest.MonkeyPatch, case: mutants.Case
) -> None:
    assert not schedules.play_steps(identities, case.story)

    case.mutant(monkeypatch)

    assert case.words in schedules.play_steps(identities, case.story), case.fault
