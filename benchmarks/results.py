"""What a figure says of itself: rows of a table, on the terminal and in RESULTS.md."""

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HEADINGS = ("figure", "what", "ours", "peer or floor", "ratio", "target", "met")
# A row without a target is there to be read, not to be judged.
# How a line of the page begins that belongs to a figure.
_NAME = re.compile(r"[|-] (?:P\d+|RAW)(?= \||: )")
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


def markdown_table(rows: Sequence[Row], *, kept: Sequence[str] = ()) -> str:
    """Return the rows as a Markdown table.

    :param kept: lines of an earlier table, which take their place by the figure's name.
    """
    head = [_markdown_line(HEADINGS), _markdown_line(("---",) * len(HEADINGS))]
    return "\n".join([*head, *in_order([_markdown_line(row.cells) for row in rows], kept)])


def kept_rows(page: str, figures: Sequence[str]) -> list[str]:
    """Return the lines of some figures in the table of an earlier page."""
    return [line for line in page.splitlines() if line.startswith(_starts("| {} |", figures))]


def kept_notes(page: str, figures: Sequence[str]) -> list[str]:
    """Return the notes of some figures on an earlier page."""
    return [line for line in page.splitlines() if line.startswith(_starts("- {}: ", figures))]


def in_order(lines: Sequence[str], kept: Sequence[str]) -> list[str]:
    """Put lines that begin with a figure in the order of the figures; the others stay in front."""
    return sorted(
        [*lines, *kept], key=lambda line: found[0] if (found := _NAME.match(line)) else ""
    )


def _starts(form: str, figures: Sequence[str]) -> tuple[str, ...]:
    return tuple(form.format(name) for name in figures)


def _markdown_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


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
