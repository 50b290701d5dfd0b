"""Playing the machine: how many examples, from which seed, and how it is told what failed."""

from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings, stateful

from tests.convergence.machine.machine import Machine
from tests.convergence.machine.stage import Stage
from tests.convergence.tally import LOST, tally

# Examples of one test, so that test processes share them; played where nobody asks for more.
EXAMPLES, PARTS = 4, 2
STEPS = 14


def play(
    stage: Stage,
    *,
    seed: int,
    examples: int = EXAMPLES,
    steps: int = STEPS,
    shrink: bool = True,
    **guide: Any,
) -> None:
    """Play examples of a seed, up to the first that fails; that is made as small as can be.

    :param guide: what a search is guided by, see `Machine`.
    :raises AssertionError: something does not hold; its notes tell the rules that lead there.
    """
    phases = [hypothesis.Phase.generate, *([hypothesis.Phase.shrink] if shrink else [])]
    kind: Any = type("Example", (Machine,), {"stage": stage, **guide})
    try:
        stateful.run_state_machine_as_test(
            hypothesis.seed(seed)(kind),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                phases=phases,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=False,
                report_multiple_bugs=False,
            ),
        )
    except AssertionError as error:
        tally.count(LOST)
        error.add_note(f"Replay: pytest tests/convergence/machine --machine-seed {seed}")
        raise
