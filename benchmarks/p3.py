"""P3: how long the re-sync of 100,000 documents takes at Xero's limits, beside the floor.

The simulator keeps Xero's limits by a clock that runs SPEED times as fast; the product is told so
by its settings, and is otherwise as it is: a Celery worker, beat, the shared limiter. Times are
given in the simulator's seconds.

The floor is for a client that wastes nothing: the fewest calls (see P2), and as many in every
minute as a re-sync may make. That is 50 of Xero's 60, because 10 a minute stay free for people
and webhooks whatever a re-sync does. Of the first 50 none waits; the last call of n cannot start
before ceil(n / 50) - 1 minutes. The row below the target has all 60 calls in a steady stream,
one a second, as the other way to look at it.
"""

import math
import statistics
from collections import Counter

from benchmarks import bench, p2, results, workers

DOCUMENTS, TINY = 139_000, 3_000
SPEED = 2.0
BULK_A_MINUTE, ALL_A_MINUTE = 50, 60
MINUTE = 60.0


def measure(here: bench.Bench) -> list[results.Row]:
    """Re-sync at the limits, with real workers."""
    documents = str(here.size(DOCUMENTS, TINY))
    times: list[float] = []
    answers: Counter[int] = Counter()
    speed = SPEED if not here.smoke else 60.0
    limits = {"XERO_MINUTE_SECONDS": str(MINUTE / speed), "XERO_DAY_SECONDS": str(86_400 / speed)}
    with here.simulator("--documents", documents, "--clock-speed", str(speed)) as running:
        for _ in range(here.rounds):
            # A new database each time, so that everything is new; the limiter's books too.
            running.do("reset")
            environment = here.product(running, **limits)
            here.part("connect", "1", environment=environment)
            running.forget_calls()
            with (
                workers.running(here, environment, queues="bulk"),
                workers.running(here, environment, queues="people,events"),
                workers.beat(here, environment),
            ):
                told = here.part("queue_resync", "400", environment=environment, seconds=450)
            run = told["runs"][0]
            if run["state"] != "DONE":
                raise bench.PartFailed(f"The re-sync did not end well: {run}")
            times.append(told["seconds"] * speed)
            answers.update(one["status"] for one in running.calls())
    fewest = p2.pages_of(run["by_kind"]) + p2.KINDS
    return _rows(times, fewest, run["documents"], answers, speed)


def _rows(
    times: list[float], fewest: int, documents: int, answers: Counter[int], speed: float
) -> list[results.Row]:
    seconds = statistics.median(times)
    floor = (math.ceil(fewest / BULK_A_MINUTE) - 1) * MINUTE
    steady = fewest * MINUTE / ALL_A_MINUTE
    what = f"re-sync of {documents:,} documents at Xero's limits (clock x {speed:g})"
    return [
        results.at_most(
            "P3",
            what,
            f"{seconds:.1f} s",
            f"{floor:.0f} s: {fewest} calls, {BULK_A_MINUTE} a minute",
            ratio=seconds / floor if floor else 1.0,
            target=1.10,
        ),
        results.Row(
            "P3",
            f"{what}, beside a steady stream",
            f"{seconds:.1f} s",
            f"{steady:.0f} s: {fewest} calls, one a second",
            f"{seconds / steady:.3f}",
        ),
        results.figure_of(
            "P3",
            f"answers of Xero in {len(times)} such re-syncs",
            ", ".join(f"{count} x {status}" for status, count in sorted(answers.items())),
            target="no 429",
            holds=429 not in answers,
        ),
    ]
