"""P2: how many calls a re-sync needs, beside the fewest that Xero's pages allow; and idle sweeps.

The fewest calls that can read n documents of a kind are ceil(n / 1000), Xero's largest page,
summed over the four kinds. A re-sync that is right needs one more a kind: what moved while it
read can only be known by asking, after the last page, what was modified since the first. Xero's
own counts, which the verification holds against ours, come with the pages and cost nothing. The
target is held against pages and closing calls together; the row below it leaves the closing
calls out of the fewest, so that nobody need take the definition for granted.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks import bench, p2_trips, results

# 72 in a hundred are sales documents.
DOCUMENTS, TINY = 139_000, 3_000
PAGE = 1000
KINDS = 4


def pages_of(by_kind: Mapping[str, int]) -> int:
    """Return the fewest calls that can read so many documents of each kind."""
    return sum(math.ceil(count / PAGE) for count in by_kind.values())


def measure(here: bench.Bench) -> list[results.Row]:
    """Re-sync everything once, sweep twice, and count the calls."""
    documents = str(here.size(DOCUMENTS, TINY))
    with here.simulator(*bench.WITHOUT_LIMITS, "--documents", documents) as running:
        environment = here.product(running, **bench.NO_LIMITS)
        slug = here.part("connect", "1", environment=environment)["portals"][0]["slug"]
        running.forget_calls()
        told = here.part("resync", slug, environment=environment)
        if told["state"] != "DONE":
            raise bench.PartFailed(f"The re-sync did not end well: {told}")
        resync = running.calls()
        here.part("sweep", "1", environment=environment)
        running.forget_calls()
        here.part("sweep", "1", environment=environment)
        idle = Counter(one["path"].rsplit("/", 1)[1] for one in running.calls())
    return [*_rows(told, resync, idle), *p2_trips.measure(here)]


def _rows(
    told: Mapping[str, Any], resync: Iterable[Mapping[str, Any]], idle: Mapping[str, int]
) -> list[results.Row]:
    made = list(resync)
    pages = pages_of(told["by_kind"])
    what = f"calls for a re-sync of {told['documents']:,} documents"
    size = sum(one["bytes"] for one in made) / told["documents"]
    return [
        results.at_most(
            "P2",
            what,
            f"{len(made)}",
            f"{pages} pages + {KINDS} closing calls",
            ratio=len(made) / (pages + KINDS),
            target=1.02,
        ),
        results.Row(
            "P2",
            f"{what}, beside its pages alone",
            f"{len(made)}",
            f"{pages} pages",
            f"{len(made) / pages:.3f}",
        ),
        results.figure_of(
            "P2",
            "calls of an idle sweep, by kind",
            ", ".join(f"{name} {count}" for name, count in sorted(idle.items())),
            target="1 a kind",
            holds=len(idle) == KINDS + 1 and set(idle.values()) == {1},
        ),
        results.Row("P2", "bytes read a document, as they travel (gzip)", f"{size:,.0f}"),
    ]
