"""Playing the machine: searching by a seed, and playing again what was told of a search."""

import pprint
from typing import Any, NamedTuple

import hypothesis
from hypothesis import HealthCheck, settings, stateful

from tests.convergence.machine.example import Log, Told
from tests.convergence.machine.machine import Machine
from tests.convergence.machine.stage import Stage
from tests.support.tally import LOST, tally

# Examples of one test, so that test processes share them; played where nobody asks for more.
EXAMPLES, PARTS = 4, 2
STEPS = 14
TELL = "It is played again by `playing.replay` of:"


class Failure(NamedTuple):
    """What a search found: the error, what leads there, and how many examples it took."""

    error: Exception
    told: Told
    examples: int


def search(
    stage: Stage,
    *,
    seed: int,
    examples: int,
    shrink: bool = True,
    only: tuple[str, ...] = (),
    steps: int = STEPS,
) -> Failure | None:
    """Play examples of a seed, up to the first that fails; that is made as small as can be.

    :param only: the rules that may be drawn; all where empty.
    :param steps: of an example, at most.
    """
    phases = [hypothesis.Phase.generate, *([hypothesis.Phase.shrink] if shrink else [])]
    log = Log()
    try:
        stateful.run_state_machine_as_test(
            hypothesis.seed(seed)(_kind(stage, log, only)),
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
    except Exception as error:
        # Hypothesis plays the smallest one last.
        return Failure(error, tuple(log.steps), log.failed)
    return None


def play(
    stage: Stage,
    *,
    seed: int,
    examples: int = EXAMPLES,
    only: tuple[str, ...] = (),
    steps: int = STEPS,
) -> None:
    """Play examples of a seed; see `search`.

    :raises Exception: something does not hold; its notes tell what leads there.
    """
    found = search(stage, seed=seed, examples=examples, only=only, steps=steps)
    if found is None:
        return
    tally.count(LOST)
    found.error.add_note(f"{TELL}\n{pprint.pformat(found.told)}")
    found.error.add_note(f"Search again: pytest tests/convergence/machine --machine-seed {seed}")
    raise found.error


def replay(stage: Stage, told: Told) -> None:
    """Play what was told, from the beginning to the end, just so.

    :raises Exception: something does not hold.
    """
    example = _kind(stage, Log(), ())()
    for name, given in told:
        getattr(example, name)(**given)
    example.end()


def _kind(stage: Stage, log: Log, only: tuple[str, ...]) -> type[Machine]:
    kind: Any = type("Example", (Machine,), {"stage": stage, "log": log, "only": only})
    return kind  # type: ignore[no-any-return] # a class that is made
