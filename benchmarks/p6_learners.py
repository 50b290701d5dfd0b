"""P6, third part: report #0443 with ten times the learners: its pages, and its files a row.

Both sizes stand in databases of their own and are asked in turn, as in the first part.
`P6_LEARNERS` makes the larger one smaller, for a machine that has to be shared.
"""

import os
import statistics
from typing import Any

from benchmarks import bench, results

SMALL, LARGE, TINY = 10_000, 100_000, 400
PAGES_TARGET, RATE_TARGET, MEMORY_TARGET = 1.3, 0.8, 1.3
ROUNDS, TURNS = 8, 3
FILES = ("csv", "xlsx")
_SECONDS = 3600.0
_PAGES = {"DJANGO_SETTINGS_MODULE": "benchmarks.page_settings"}


class Side:
    """One number of learners."""

    def __init__(self, here: bench.Bench, learners: int) -> None:
        self._here = here
        self.learners = learners
        self._environment = {**here.product(None), **_PAGES}
        here.manage("collectstatic", "--noinput", "-v", "0", environment=self._environment)
        self.part("fill_learners", str(learners))

    def part(self, name: str, *arguments: str) -> dict[str, Any]:
        """Run a part on this side's database."""
        return self._here.part(name, *arguments, environment=self._environment, seconds=_SECONDS)


def measure(here: bench.Bench) -> list[results.Row]:
    """Return the rows of the figure."""
    large = int(os.environ.get("P6_LEARNERS", LARGE))
    few, many = Side(here, here.size(SMALL, TINY)), Side(here, here.size(large, 2 * TINY))
    small: dict[str, list[float]] = {}
    grown: dict[str, list[float]] = {}
    for _ in range(here.size(TURNS, 1)):
        for side, seen in ((few, small), (many, grown)):
            told = side.part("page_times", str(here.size(ROUNDS, 2)), "learners")
            for name, times in told["times"].items():
                seen.setdefault(name, []).extend(times)
    return [
        *(_page(name, small[name], grown[name], many.learners) for name in small),
        *(row for what in FILES for row in _file(here, what, few, many)),
    ]


def _page(name: str, small: list[float], large: list[float], learners: int) -> results.Row:
    ours, other = _p95(large), _p95(small)
    return results.at_most(
        "P6",
        f"{name}, p95 with {learners:,} learners",
        f"{ours:.0f} ms",
        f"{other:.0f} ms with few",
        ratio=ours / other,
        target=PAGES_TARGET,
    )


def _file(here: bench.Bench, what: str, few: Side, many: Side) -> list[results.Row]:
    told = [
        (few.part("export_learners", what), many.part("export_learners", what))
        for _ in range(here.rounds)
    ]
    other, ours = (statistics.median(_rate(one[side]) for one in told) for side in (0, 1))
    rows = told[0][1]["rows"]
    memory, before = (max(one[side]["memory"] for one in told) for side in (1, 0))
    return [
        results.at_least(
            "P6",
            f"{what.upper()} of #0443 with {rows:,} rows of {many.learners:,} learners",
            f"{ours:,.0f} rows/s",
            f"{other:,.0f} rows/s with few",
            ratio=ours / other,
            target=RATE_TARGET,
        ),
        results.at_most(
            "P6",
            f"memory of that {what.upper()}",
            f"{memory:.0f} MB",
            f"{before:.0f} MB with few",
            ratio=memory / before,
            target=MEMORY_TARGET,
        ),
    ]


def _rate(told: dict[str, Any]) -> float:
    return float(told["rows"] / told["seconds"])


def _p95(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]
