"""P6: pages and files as data grows: a hundred times the documents and learners, side by side.

Both sizes stand in databases of their own on one server, and their pages are asked for in turn, so
that what else the machine does falls on both. `P6_DOCUMENTS` makes the larger one smaller, for a
machine that has to be shared.
"""

import os
import statistics
from typing import Any

from benchmarks import bench, p6_learners, p6_memory, results

SMALL, LARGE, TINY = 10_000, 1_000_000, 400
PAGES_TARGET, CSV_TARGET, MEMORY_TARGET = 1.3, 0.6, 1.3
ROUNDS, TURNS = 8, 3
_SECONDS = 3600.0
PAGES = {"DJANGO_SETTINGS_MODULE": "benchmarks.page_settings"}


class Side:
    """One size of data."""

    def __init__(self, here: bench.Bench, documents: int) -> None:
        self._here = here
        self.documents = documents
        self._environment = {**here.product(None), **PAGES}
        here.manage("collectstatic", "--noinput", "-v", "0", environment=self._environment)
        learners = str(max(10, documents // 10))
        self._part("fill", str(documents), learners)

    def page_times(self, rounds: int) -> dict[str, list[float]]:
        """Return the milliseconds of every page."""
        found: dict[str, list[float]] = self._part("page_times", str(rounds))["times"]
        return found

    def export(self, what: str) -> dict[str, Any]:
        """Write a file of all rows."""
        return self._part("export", what)

    def _part(self, name: str, *arguments: str) -> dict[str, Any]:
        return self._here.part(name, *arguments, environment=self._environment, seconds=_SECONDS)


def measure(here: bench.Bench) -> list[results.Row]:
    """Return the rows of the figure."""
    large = int(os.environ.get("P6_DOCUMENTS", LARGE))
    small_side = Side(here, here.size(SMALL, TINY))
    large_side = Side(here, here.size(large, 2 * TINY))
    small: dict[str, list[float]] = {}
    grown: dict[str, list[float]] = {}
    for _ in range(here.size(TURNS, 1)):
        for side, seen in ((small_side, small), (large_side, grown)):
            for name, times in side.page_times(here.size(ROUNDS, 2)).items():
                seen.setdefault(name, []).extend(times)
    return [
        *(_page(name, small[name], grown[name], large_side.documents) for name in small),
        *_files(here, small_side, large_side),
        *p6_memory.measure(here),
        *p6_learners.measure(here),
    ]


def _page(name: str, small: list[float], large: list[float], documents: int) -> results.Row:
    ours, other = _p95(large), _p95(small)
    return results.at_most(
        "P6",
        f"{name}, p95 with {documents:,} documents",
        f"{ours:.0f} ms",
        f"{other:.0f} ms with few",
        ratio=ours / other,
        target=PAGES_TARGET,
    )


def _files(here: bench.Bench, small: Side, large: Side) -> list[results.Row]:
    rounds = range(here.rounds)
    rates = {what: [_rate(large.export(what)) for _ in rounds] for what in ("csv", "copy")}
    csv, copy = statistics.median(rates["csv"]), statistics.median(rates["copy"])
    rows = [
        results.at_least(
            "P6",
            f"CSV of {large.documents:,} rows beside COPY of the same query",
            f"{csv:,.0f} rows/s",
            f"{copy:,.0f} rows/s",
            ratio=csv / copy,
            target=CSV_TARGET,
        )
    ]
    for what in ("csv", "xlsx", "json"):
        ours, other = large.export(what)["memory"], small.export(what)["memory"]
        rows.append(
            results.at_most(
                "P6",
                f"memory of {what.upper()} with {large.documents:,} rows",
                f"{ours:.0f} MB",
                f"{other:.0f} MB with few",
                ratio=ours / other,
                target=MEMORY_TARGET,
            )
        )
    return rows


def _rate(told: dict[str, Any]) -> float:
    return float(told["rows"] / told["seconds"])


def _p95(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]
