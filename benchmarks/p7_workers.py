"""P7, first part: two workers beside one, re-syncing many organisations.

Two workers can only be faster where a second core is free for them: the simulator and PostgreSQL
run on the same machine and take their share. How many cores all of it keeps busy with one worker
is measured too, and with it the most that two could reach here; where that is less than the target,
the target is nine tenths of that instead, and the row says so.

What such a machine cannot show by time it shows by cost: were two workers in each other's way, each
document would take more processor time of them or of PostgreSQL, or statements would wait for
locks. So both are counted as well, the waiting by looking at all running statements now and then.
What waits for PostgreSQL's log to reach the disk is counted apart: that is the disk's pace.
"""

import os
import statistics
from dataclasses import dataclass
from functools import partial

from benchmarks import bench, machine, results, workers

ORGANISATIONS, TINY = 24, 3
DOCUMENTS, TINY_DOCUMENTS = 1000, 60
TARGET, SHARE = 1.7, 0.9
MOST_COST, MOST_WAITING = 1.15, 0.05


def measure(here: bench.Bench) -> list[results.Row]:
    """Re-sync all organisations with one worker and with two, in turn."""
    documents = str(here.size(DOCUMENTS, TINY_DOCUMENTS))
    organisations = here.size(ORGANISATIONS, TINY)
    costs: dict[str, list[Cost]] = {"two": [], "one": []}
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
            {"two": partial(run, 2, costs["two"]), "one": partial(run, 1, costs["one"])},
        )
    cores = {name: statistics.median(one.cores for one in each) for name, each in costs.items()}
    return [
        _row(seen, cores, organisations),
        _cost_row(
            "workers", [one.workers for one in costs["two"]], [one.workers for one in costs["one"]]
        ),
        _cost_row(
            "PostgreSQL",
            [one.postgres for one in costs["two"]],
            [one.postgres for one in costs["one"]],
        ),
        *_waiting_rows(costs),
    ]


@dataclass(frozen=True)
class Cost:
    """What a round took: busy cores, processor seconds a thousand documents, waits for locks."""

    cores: float
    workers: float
    postgres: float
    statements: int
    waiting: int
    for_the_log: int


def _rate(here: bench.Bench, environment: dict[str, str], count: int, costs: list[Cost]) -> float:
    """Return the documents a second of so many workers, from empty tables."""
    here.part("empty", environment=environment)
    with workers.running(here, environment, queues="bulk", count=count) as pids:
        before = sum(machine.processor_seconds(pid) for pid in pids)
        told = here.part("queue_resync", "200", environment=environment)
        processor = sum(machine.processor_seconds(pid) for pid in pids) - before
    wrong = [run for run in told["runs"] if run["state"] != "DONE"]
    if wrong:
        raise bench.PartFailed(f"{len(wrong)} re-syncs did not end well, such as {wrong[0]}")
    documents = sum(run["documents"] for run in told["runs"])
    thousands = documents / 1000
    costs.append(
        Cost(
            cores=told["cores"],
            workers=processor / thousands,
            postgres=told["postgres_seconds"] / thousands,
            statements=told["locks"]["seen"],
            waiting=told["locks"]["waited"],
            for_the_log=told["locks"]["for_the_log"],
        )
    )
    return float(documents / told["seconds"])


def _cost_row(whose: str, two: list[float], one: list[float]) -> results.Row:
    ours, other = statistics.median(two), statistics.median(one)
    return results.at_most(
        "P7",
        f"processor time of {whose} a thousand documents, two workers beside one",
        f"{ours * 1000:.0f} ms",
        f"{other * 1000:.0f} ms",
        ratio=ours / other if other else 1.0,
        target=MOST_COST,
    )


def _waiting_rows(costs: dict[str, list[Cost]]) -> list[results.Row]:
    seen = {name: sum(one.statements for one in each) for name, each in costs.items()}
    locks = {name: sum(one.waiting for one in each) for name, each in costs.items()}
    log = {name: sum(one.for_the_log for one in each) for name, each in costs.items()}
    of = f"of {seen['two']:,} seen running for two workers"
    share = locks["two"] / max(1, seen["two"])
    return [
        results.figure_of(
            "P7",
            f"statements that wait for a lock, {of}",
            f"{share:.1%}",
            other=f"{locks['one'] / max(1, seen['one']):.1%} with one",
            target=f"<= {MOST_WAITING:.0%}",
            holds=share <= MOST_WAITING,
        ),
        results.Row(
            "P7",
            f"statements that wait for PostgreSQL's log to reach the disk, {of}",
            f"{log['two'] / max(1, seen['two']):.1%}",
            f"{log['one'] / max(1, seen['one']):.1%} with one",
        ),
    ]


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
