"""The schedules notice when one of the mends is taken out, by the fault that it mended."""

import pytest

from tests.convergence.identities import mutants, schedules
from tests.convergence.identities.stage import Stage


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", mutants.CASES, ids=lambda case: case.mutant.__name__)
def test_schedules_catch_a_mend_that_is_taken_out(
    identities: Stage, monkeypatch: pytest.MonkeyPatch, case: mutants.Case
) -> None:
    case.mutant(monkeypatch)

    # The first ones do; should the schedules be drawn otherwise one day, others will.
    seeds = dict.fromkeys([*case.seeds, *range(1, schedules.SCHEDULES + 1)])
    assert schedules.is_caught(identities, seeds=seeds, words=case.words), (
        f"Nobody notices that {case.fault}"
    )
