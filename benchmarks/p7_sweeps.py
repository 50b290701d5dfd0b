"""P7, third part: what a sweep costs an organisation, with 10, 100 and 1,000 of them connected.

One worker sweeps all of them, one after the other, with nothing new to find. Linear means that an
organisation costs no more among 1,000 than among 10.
"""

import statistics

from benchmarks import bench, results

COUNTS, TINY_COUNTS = (10, 100, 1000), (3, 6)
DOCUMENTS = 100
MOST_GROWTH = 1.25


def measure(here: bench.Bench) -> list[results.Row]:
    """Sweep 10, 100 and 1,000 organisations."""
    counts = COUNTS if not here.smoke else TINY_COUNTS
    costs: dict[int, float] = {}
    with here.simulator(
        *(*bench.WITHOUT_LIMITS, "--documents", str(here.size(DOCUMENTS, 60))),
        *("--contacts", "20", "--organisations", str(counts[-1])),
    ) as running:
        for count in counts:
            # A small number is swept more often, so that each is measured for about as long.
            times = str(1 + max(here.rounds, counts[-1] // count // 10))
            environment = here.product(running, **bench.NO_LIMITS)
            here.part("connect", str(count), environment=environment)
            told = here.part("sweep", times, environment=environment, seconds=600)
            costs[count] = statistics.median(told["seconds"][1:]) / told["organisations"]
    return _rows(costs)


def _rows(costs: dict[int, float]) -> list[results.Row]:
    fewest, most = min(costs), max(costs)
    words = ", ".join(f"{count:,}: {cost * 1000:.0f} ms" for count, cost in costs.items())
    return [
        results.at_most(
            "P7",
            f"an idle sweep's cost an organisation, among {most:,} beside among {fewest}",
            words,
            f"{costs[fewest] * 1000:.0f} ms",
            ratio=costs[most] / costs[fewest],
            target=MOST_GROWTH,
        )
    ]
