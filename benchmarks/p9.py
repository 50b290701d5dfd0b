"""P9: from *Connect* to the last twelve months complete and verified, in books of ten years.

Beside it the same in an organisation that has those twelve months alone: as many documents a day,
a tenth of the days. What is older must cost next to nothing before the newest are here. One worker,
the simulator's limits off.
"""

import statistics
from typing import Any

from benchmarks import bench, results

YEARS = 10
# 72 in a hundred are sales documents: a million of them.
DOCUMENTS, TINY = 1_390_000, 20_000
LONGEST_SECONDS = 1800


def measure(here: bench.Bench) -> list[results.Row]:
    """Connect to either organisation on a new database, as often as the bench has rounds."""
    long = here.size(DOCUMENTS, TINY)
    ten_years = _rounds(here, documents=long, days=365 * YEARS)
    one_year = _rounds(here, documents=long // YEARS, days=365)
    return _rows(ten_years, one_year)


def _rounds(here: bench.Bench, *, documents: int, days: int) -> list[dict[str, Any]]:
    options = ("--documents", str(documents), "--span-days", str(days))
    found = []
    with here.simulator(*bench.WITHOUT_LIMITS, *options) as running:
        for _ in range(here.rounds):
            environment = here.product(running, **bench.NO_LIMITS)
            running.forget_calls()
            told = here.part("first_sync", environment=environment, seconds=LONGEST_SECONDS)
            if told["seconds"] is None:
                raise bench.PartFailed(f"The last twelve months never were verified: {told}")
            found.append(told)
    return found


def _rows(ten_years: list[dict[str, Any]], one_year: list[dict[str, Any]]) -> list[results.Row]:
    long, short = (statistics.median(one["seconds"] for one in of) for of in (ten_years, one_year))
    newest = ten_years[0]["newest"]
    return [
        results.at_most(
            "P9",
            f"Connect to the last twelve months verified, {newest:,} documents of ten years",
            f"{long:.1f} s",
            f"{short:.1f} s: {one_year[0]['newest']:,} documents, and nothing older",
            ratio=long / short,
            target=1.3,
        )
    ]
