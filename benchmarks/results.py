"""What a figure says of itself: rows of a table, on the terminal and in RESULTS.md."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEADINGS = ("figure", "what", "ours", "peer or floor", "ratio", "target", "met")
# A row without a target is there to be read, not to be judged.
_WORDS = {True: "yes", False: "NO", None: ""}


@dataclass(frozen=True)
class Row:
    """One line: what was measured, beside what, and whether that is good enough."""

    figure: str
    what: str
    ours: str
    other: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the row's texts in the order of the headings."""
        texts = (self.figure, self.what, self.ours, self.other, self.ratio, self.target)
        return (*texts, _WORDS[self.met])


def at_least(figure: str, what: str, ours: str, other: str, *, ratio: float, target: float) -> Row:
    """Return a row whose ratio must not be below its target."""
    met = ratio >= target
    return Row(figure, what, ours, other, f"{ratio:.2f}", f">= {target:g}", met)


def at_most(figure: str, what: str, ours: str, other: str, *, ratio: float, target: float) -> Row:
    """Return a row whose ratio must not be above its target."""
    met = ratio <= target
    return Row(figure, what, ours, other, f"{ratio:.3g}", f"<= {target:g}", met)


def figure_of(
    figure: str, what: str, ours: str, *, holds: bool, target: str, other: str = ""
) -> Row:
    """Return a row with a target that is no ratio."""
    return Row(figure, what, ours, other, "", target, holds)


def text_table(rows: Sequence[Row]) -> str:
    """Return the rows for a terminal."""
    lines = [HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    written = [_spread(line, widths) for line in lines]
    return "\n".join([written[0], "  ".join("─" * width for width in widths), *written[1:]])


def markdown_table(rows: Sequence[Row]) -> str:
    """Return the rows for RESULTS.md."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def all_met(rows: Sequence[Row]) -> bool:
    """Return whether no row misses its target."""
    return all(row.met is not False for row in rows)


def interleaved(rounds: int, contenders: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Run every contender once a round, so that a slow spell of the machine hits all of them."""
    seen: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            seen[name].append(run())
    return seen


def median_ratio(ours: Sequence[float], others: Sequence[float]) -> float:
    """Return the median over the rounds of ours beside the other of the same round."""
    return statistics.median(mine / other for mine, other in zip(ours, others, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def _spread(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip()
