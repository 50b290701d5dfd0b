"""P6, second part: the most memory that a worker has in a re-sync, with few documents and many.

Each re-sync runs in a process of its own, which does nothing else; a page is all that it may hold,
and what it holds ahead. `P6_RESYNC` makes the larger one smaller, for a machine that has to be
shared.
"""

import os
from typing import Any

from benchmarks import bench, results

# 72 in a hundred are sales documents: 10,000 and a million of them.
SMALL, LARGE, TINY = 13_900, 1_390_000, 3_000
TARGET = 1.3
_SECONDS = 3600.0


def measure(here: bench.Bench) -> list[results.Row]:
    """Re-sync everything of either size once."""
    large = int(os.environ.get("P6_RESYNC", LARGE))
    few = _resync(here, here.size(SMALL, TINY))
    many = _resync(here, here.size(large, 2 * TINY))
    return [
        results.at_most(
            "P6",
            f"memory of a worker that re-syncs {many['documents']:,} documents",
            f"{many['memory']:.0f} MB",
            f"{few['memory']:.0f} MB with {few['documents']:,}",
            ratio=many["memory"] / few["memory"],
            target=TARGET,
        )
    ]


def _resync(here: bench.Bench, documents: int) -> dict[str, Any]:
    with here.simulator(*bench.WITHOUT_LIMITS, "--documents", str(documents)) as running:
        environment = here.product(running, **bench.NO_LIMITS)
        slug = here.part("connect", "1", environment=environment)["portals"][0]["slug"]
        told = here.part("resync", slug, environment=environment, seconds=_SECONDS)
    if told["state"] != "DONE":
        raise bench.PartFailed(f"The re-sync did not end well: {told}")
    return told
