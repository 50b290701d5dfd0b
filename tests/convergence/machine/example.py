"""What the rules of an example share: the stage, the checks, and the log of what was played.

Whatever is played is noted as plain values, so that it can be told, and played again without
hypothesis: rules by name, with what they are given.
"""

import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.convergence.machine import ending
from tests.convergence.machine.checks import Checks
from tests.convergence.machine.stage import SECOND, Stage

LISTS = ("Invoices", "CreditNotes", "Overpayments", "Prepayments", "Contacts")
Step = tuple[str, dict[str, Any]]
Told = tuple[Step, ...]


@dataclass
class Log:
    """What examples were played: how many, which failed first, and the steps of the last."""

    played: int = 0
    failed: int = 0
    steps: list[Step] = field(default_factory=list)

    @contextlib.contextmanager
    def noting_failure(self) -> Iterator[None]:
        """Note which example is the first in which the block fails."""
        try:
            yield
        except Exception:
            self.failed = self.failed or self.played
            raise


def noted(method: Any) -> Any:
    """Let a method of an example note that it is played, and with what."""

    @functools.wraps(method)
    def play(self: "Example", **given: Any) -> None:
        self.log.steps.append((method.__name__, given))
        with self.log.noting_failure():
            method(self, **given)

    return play


def may(**when: Any) -> Callable[[Any], Any]:
    """Make a rule of a method, which a search that is narrowed may leave out."""

    def decorate(method: Any) -> Any:
        name = method.__name__
        as_rule: Any = rule(**when)
        return precondition(lambda self: not self.only or name in self.only)(as_rule(noted(method)))

    return decorate


class Example(RuleBasedStateMachine):
    """One example, before it has rules."""

    stage: ClassVar[Stage]
    log: ClassVar[Log]
    # Names of rules, where a search is narrowed; all where empty.
    only: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.log.played += 1
        self.log.steps.clear()
        self.stage.begin()
        self.checks = Checks(self.stage)
        # The list that Xero rejects, if one, and whether anything else has gone wrong so far.
        self.rejected = ""
        self.is_troubled = False

    def trouble(self, what: str, **script: Any) -> None:
        """Let calls go wrong."""
        self.is_troubled = True
        self.stage.fail(what, **script)

    def next(self) -> None:
        """Let a second pass: two changes of one millisecond are for a test of their own."""
        self.stage.clock.later(SECOND)

    def take_turn(self, turn: str, at: int, *, dies_after: int | None = None) -> None:
        """Let a worker take a turn, and look at what came of it; nothing where there is none."""
        raise NotImplementedError

    def portal(self, at: int) -> int:
        """Return the portal that is meant: the only one where there is no second."""
        return at % len(self.stage.portals)

    def look(self, at: int) -> None:
        """Look at the pages of a portal."""
        side = self.stage.sides[at]
        if side is not None:
            self.checks.pages(side)

    def end(self) -> None:
        """Let the example end: the faults stop, and here is what Xero has."""
        with self.log.noting_failure():
            ending.end(self.stage, self.checks)

    def teardown(self) -> None:
        """End, where nothing went wrong so far."""
        if sys.exc_info()[0] is None:
            self.end()
