"""What the schedules and the machine did, counted: printed when tests of this folder end.

Every process counts for itself; pytest's own processes hand their counts to the one that prints.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any


class Tally:
    """Counts by name."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def count(self, what: str, times: int = 1) -> None:
        """Count something that happened."""
        self.counts[what] += times

    @contextlib.contextmanager
    def put_aside(self) -> Iterator[None]:
        """Count nothing in the block: what a mutant loses is meant to be lost."""
        kept = self.counts.copy()
        yield
        self.counts = kept


tally = Tally()
LOST = "lost"


def lines(counts: Counter[str]) -> list[str]:
    """Return what to print."""
    told = [f"{count:>8,}  {what}" for what, count in sorted(counts.items()) if what != LOST]
    lost = counts[LOST]
    return [*told, f"{lost or 'nothing':>8}  lost"] if told else []


def name_of(step: Any) -> str:
    """Return the name of a step: its words, and the answer where it is a fault."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(step).__name__).lower()
    answer = getattr(step, "answer", ())
    if not isinstance(answer, tuple):
        return f"steps: {words}"
    return f"steps: {words} {' '.join(str(part)[:30] for part in (answer or ((),))[0])}".rstrip()
