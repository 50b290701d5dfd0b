"""Whatever happens in whatever order, each turn keeps the rules, and in the end all is here."""

import pytest

from tests.convergence.machine import playing
from tests.convergence.machine.stage import Stage


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_turn_keeps_the_rules_and_in_the_end_all_is_here(
    stage: Stage, machine_seed: int
) -> None:
    playing.play(stage, seed=machine_seed)
