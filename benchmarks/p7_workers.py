"""P7, first part: two workers beside one, re-syncing many organisations.

Two workers can only be faster where a second core is free for them: the simulator and PostgreSQL
run on the same machine and take their share. How many cores all of it keeps busy with one worker
is measured too, and with it the most that two could reach here; where that is less than the target,
the target is nine tenths of that instead, and the row says so.
"""

import os
import statistics
from functools import partial

from benchmarks import bench, results, workers

ORGANISATIONS, TINY = 24, 3
DOCUMENTS, TINY_DOCUMENTS = 1000, 60
TARGET, SHARE = 1.7, 0.9


def measure(here: bench.Bench) -> list[results.Row]:
    """Re-sync all organisations with one worker and with two, in turn."""
    documents = str(here.size(DOCUMENTS, TINY_DOCUMENTS))
    organisations = here.size(ORGANISATIONS, TINY)
    busy: dict[str, list[float]] = {"two": [], "one": []}
    with here.simulator(
        *(*bench.WITHOUT_LIMITS, "--documents", documents),
        *("--organisations", str(organisations)),
    ) as running:
        environment = here.product(running, **bench.NO_LIMITS)
        here.part("connect", str(organisations), environment=environment)
        run = partial(_rate, here, environment)
        if not here.smoke:
            run(1, [])  # Makes the simulator write every page once.
        seen = results.interleaved(
            here.rounds,
            {"two": partial(run, 2, busy["two"]), "one": partial(run, 1, busy["one"])},
        )
    cores = {name: statistics.median(each) for name, each in busy.items()}
    return [_row(seen, cores, organisations)]


def _rate(here: bench.Bench, environment: dict[str, str], count: int, busy: list[float]) -> float:
    """Return the documents a second of so many workers, from empty tables."""
    here.part("empty", environment=environment)
    with workers.running(here, environment, queues="bulk", count=count):
        told = here.part("queue_resync", "200", environment=environment)
    busy.append(told["cores"])
    wrong = [run for run in told["runs"] if run["state"] != "DONE"]
    if wrong:
        raise bench.PartFailed(f"{len(wrong)} re-syncs did not end well, such as {wrong[0]}")
    return float(sum(run["documents"] for run in told["runs"]) / told["seconds"])


def _row(seen: dict[str, list[float]], busy: dict[str, float], organisations: int) -> results.Row:
    cores = os.cpu_count() or 1
    possible = cores / busy["one"]
    target = min(TARGET, SHARE * possible)
    note = (
        ""
        if possible >= TARGET
        else f"; of {cores} cores one keeps {busy['one']:.2f} busy, two {busy['two']:.2f}"
    )
    return results.at_least(
        "P7",
        f"two workers beside one, {organisations} organisations{note}",
        f"{statistics.median(seen['two']):,.0f} documents/s",
        f"{statistics.median(seen['one']):,.0f} documents/s",
        ratio=results.median_ratio(seen["two"], seen["one"]),
        target=round(target, 2),
    )
