"""What random tests did, counted: examples, what went wrong on purpose, what was lost.

Each process counts for itself and, where the environment names a folder, keeps its counts in a
file there after each test, so that one that dies takes nothing along. What is in the files is
added up when tests end, and once more by `python -m tests.support.tally FOLDER` after several runs.
"""

import contextlib
import json
import os
import re
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = "TALLY_FOLDER"
LOST = "lost"
# How names begin: of what was played, of what went wrong on purpose, of workers that died.
PLAYED, FAULT, DEATH = "played: ", "went wrong: ", "died: "


class Tally:
    """Counts by name."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._file = f"{uuid.uuid4()}.json"

    def count(self, what: str, times: int = 1) -> None:
        """Count something that happened."""
        self.counts[what] += times

    @contextlib.contextmanager
    def put_aside(self) -> Iterator[None]:
        """Count nothing in the block: what a mutant loses is meant to be lost."""
        kept = self.counts.copy()
        try:
            yield
        finally:
            self.counts = kept

    def save(self) -> None:
        """Keep the counts where the environment says, if it does."""
        if (folder := os.environ.get(FOLDER)) and self.counts:
            (Path(folder) / self._file).write_text(json.dumps(self.counts))


tally = Tally()


def summed(folder: Path) -> Counter[str]:
    """Add up what all processes kept in a folder."""
    found: Counter[str] = Counter()
    for file in folder.glob("*.json"):
        found.update(json.loads(file.read_text()))
    return found


def lines(counts: Counter[str]) -> list[str]:
    """Return what to print; nothing where nothing was counted."""
    if not counts:
        return []
    told = [f"{count:>9,}  {what}" for what, count in sorted(counts.items()) if what != LOST]
    faults = [what for what in counts if what.startswith(FAULT)]
    return [
        *told,
        "",
        f"{_sum(counts, PLAYED):>9,}  played in all",
        f"{_sum(counts, FAULT):>9,}  went wrong on purpose, in {len(faults)} ways",
        f"{_sum(counts, DEATH):>9,}  deaths",
        f"{counts[LOST] or 'nothing':>9}  {LOST}",
    ]


def _sum(counts: Counter[str], beginning: str) -> int:
    return sum(count for what, count in counts.items() if what.startswith(beginning))


_FAULTS = ("Webhooks", "Drift", "Fault", "Flush", "Age", "Stall", "Overtake")


def name_of(step: Any) -> str:
    """Return the name of a step: its words, and the answer where it is a fault."""
    kind = type(step).__name__
    beginning = DEATH if kind == "Kill" else FAULT if kind in _FAULTS else "steps: "
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()
    answer = getattr(step, "answer", ())
    if not isinstance(answer, tuple):
        return f"{beginning}{words}"
    return (
        f"{beginning}{words} {' '.join(str(part)[:30] for part in (answer or ((),))[0])}".rstrip()
    )


def main(folder: str) -> int:
    """Print what was counted in a folder; return 1 where something was lost, or nothing done."""
    counts = summed(Path(folder))
    sys.stdout.write("\n".join([*(lines(counts) or ["Nothing was counted."]), ""]))
    return int(not counts or bool(counts[LOST]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
