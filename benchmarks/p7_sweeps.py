"""P7, third part: what a sweep costs an organisation, with 10, 100 and 1,000 of them connected.

One worker sweeps all of them, one after the other, with nothing new to find. Linear means that an
organisation costs no more among 1,000 than among 10. Beside it what beat and Valkey have to do,
from which `docs/scaling.md` reckons how far they reach.
"""

import statistics

from benchmarks import bench, results

COUNTS, TINY_COUNTS = (10, 100, 1000), (1, 3)
DOCUMENTS = 100
MOST_GROWTH = 1.15
MOST_MILLISECONDS = 25
MOST_TIMES, TINY_TIMES = 100, 1


def measure(here: bench.Bench) -> list[results.Row]:
    """Sweep 10, 100 and 1,000 organisations in turn, each on a database of its own."""
    counts = COUNTS if not here.smoke else TINY_COUNTS
    costs: dict[int, list[float]] = {count: [] for count in counts}
    processor: list[float] = []
    with here.simulator(
        *(*bench.WITHOUT_LIMITS, "--documents", str(here.size(DOCUMENTS, 60))),
        *("--contacts", "20", "--organisations", str(counts[-1])),
    ) as running:
        environments = {count: here.product(running, **bench.NO_LIMITS) for count in counts}
        for count, environment in environments.items():
            here.part("connect", str(count), environment=environment)
            # Brings the contacts, and is not measured.
            here.part("sweep", "1", environment=environment)
        for _ in range(here.rounds):
            for count, environment in environments.items():
                # A small number is swept more often, so that it is measured for some time, too.
                times = 1 + max(1, here.size(MOST_TIMES, TINY_TIMES) // count)
                told = here.part("sweep", str(times), environment=environment)
                seconds = statistics.median(told["seconds"][1:])
                costs[count].append(seconds / told["organisations"])
                processor += [each / told["organisations"] for each in told["cpu_seconds"][1:]]
        # The last, as what it wakes stays in the queues.
        beat = here.part("beat_round", "3", environment=environments[counts[-1]])
        slots = here.part("slots", str(here.size(2000, 100)), environment=environments[counts[0]])
    return [
        *_rows({count: statistics.median(seen) for count, seen in costs.items()}),
        _processor_row(statistics.median(processor)),
        results.Row(
            "P7",
            f"a round of beat with {beat['organisations']:,} organisations due: processor time",
            f"{statistics.median(beat['cpu_seconds']) * 1000:.0f} ms",
        ),
        results.Row(
            "P7",
            "a slot of the limiter, taken and given back: Valkey's time",
            f"{slots['microseconds']:.0f} µs",
        ),
    ]


def _processor_row(seconds: float) -> results.Row:
    milliseconds = seconds * 1000
    return results.figure_of(
        "P7",
        "an idle sweep's cost an organisation: processor time of the worker",
        f"{milliseconds:.1f} ms",
        target=f"<= {MOST_MILLISECONDS} ms",
        holds=milliseconds <= MOST_MILLISECONDS,
    )


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
