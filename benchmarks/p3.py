"""P3: how long the re-sync of 100,000 documents takes at Xero's limits, beside the floor.

The simulator keeps Xero's limits, and the product is as it is: a Celery worker, beat, the shared
limiter. It runs at Xero's own pace: by a clock that is faster, what this machine takes to store a
page would count for more than it is. Only the visits below have such a clock, of which the product
is told by its settings; times are given in the simulator's seconds.

The floor is for a client that wastes nothing: the fewest calls (see P2), each of which takes no
time and starts at the first moment that bulk's share of the minute allows: 50 of Xero's 60, and of
the 10 that people and events have in reserve, while they are quiet, what comes back within five
seconds. The row below it has all 60 calls in a steady stream, one a second.

What that costs people is the last row: somebody who comes when all is lent that may be, and makes
ten calls, one after the other.
"""

import statistics
import time
from collections import Counter
from typing import Any

from benchmarks import bench, p2, results, workers

DOCUMENTS, TINY = 139_000, 3_000
SPEED, SPEED_OF_VISIT = 1.0, 4.0
OWN_A_MINUTE, WITH_LOAN, ALL_A_MINUTE = 50, 57, 60
MINUTE, LOAN = 60.0, 5.0
RESERVED, NEVER_LENT = 10, 3
# Besides the loan: ten calls of a few hundredths of a second, by a clock that runs fast.
LONGEST_THREE, LONGEST_TEN = 1.0, LOAN + 2.0


def measure(here: bench.Bench) -> list[results.Row]:
    """Re-sync at the limits, with real workers; then come beside it."""
    return [*_resyncs(here), *_visits(here)]


def fastest(calls: int) -> float:
    """Return after how many seconds the last of so many calls of bulk may start."""
    made: list[float] = []
    now = 0.0
    while True:
        made += [now] * _may_start(made, now, calls - len(made))
        if len(made) == calls:
            return now
        # Only what a call's age decides can have changed.
        edges = [one + age for one in set(made) for age in (MINUTE - LOAN, MINUTE)]
        now = min(edge for edge in edges if edge > now)


def _may_start(made: list[float], now: float, wanted: int) -> int:
    started = list(made)
    for number in range(wanted):
        count = sum(one > now - MINUTE for one in started)
        stays = sum(one > now - MINUTE + LOAN for one in started)
        if count >= OWN_A_MINUTE and (count >= WITH_LOAN or stays >= OWN_A_MINUTE):
            return number
        started.append(now)
    return wanted


def _limits(speed: float) -> dict[str, str]:
    return {"XERO_MINUTE_SECONDS": str(MINUTE / speed), "XERO_DAY_SECONDS": str(86_400 / speed)}


def _resyncs(here: bench.Bench) -> list[results.Row]:
    documents = str(here.size(DOCUMENTS, TINY))
    times: list[float] = []
    answers: Counter[int] = Counter()
    made: list[int] = []
    speed = SPEED if not here.smoke else 60.0
    with here.simulator("--documents", documents, "--clock-speed", str(speed)) as running:
        for _ in range(here.rounds):
            # A new database each time, so that everything is new; the limiter's books too.
            running.do("reset")
            environment = here.product(running, **_limits(speed))
            here.part("connect", "1", environment=environment)
            # Who connects makes a call, as a person, and nothing is lent for a minute.
            time.sleep(MINUTE / speed)
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
            calls = running.calls()
            made.append(len(calls))
            answers.update(one["status"] for one in calls)
    fewest = p2.pages_of(run["by_kind"]) + p2.KINDS
    a_minute = statistics.median(made) / max(1.0, statistics.median(times) / MINUTE)
    return _rows(times, fewest, run["documents"], answers, a_minute)


def _rows(
    times: list[float],
    fewest: int,
    documents: int,
    answers: Counter[int],
    a_minute: float,
) -> list[results.Row]:
    seconds = statistics.median(times)
    floor = fastest(fewest)
    steady = fewest * MINUTE / ALL_A_MINUTE
    what = f"re-sync of {documents:,} documents at Xero's limits"
    return [
        results.at_most(
            "P3",
            what,
            f"{seconds:.1f} s",
            f"{floor:.0f} s: {fewest} calls, {OWN_A_MINUTE} a minute and what is lent",
            ratio=seconds / floor if floor else 1.0,
            target=1.05,
        ),
        results.at_most(
            "P3",
            f"{what}, beside a steady stream",
            f"{seconds:.1f} s, {a_minute:.1f} calls a minute",
            f"{steady:.0f} s: {fewest} calls, one a second",
            ratio=seconds / steady,
            target=1.08,
        ),
        results.figure_of(
            "P3",
            f"answers of Xero in {len(times)} such re-syncs",
            ", ".join(f"{count} x {status}" for status, count in sorted(answers.items())),
            target="no 429",
            holds=429 not in answers,
        ),
    ]


def _visits(here: bench.Bench) -> list[results.Row]:
    """Come as a person when bulk has borrowed all it may."""
    speed = SPEED_OF_VISIT if not here.smoke else 10.0
    minute = MINUTE / speed
    found: list[dict[str, Any]] = []
    with here.simulator("--documents", "60", "--clock-speed", str(speed)) as running:
        for _ in range(here.rounds):
            running.do("reset")
            environment = here.product(running, **_limits(speed))
            slug = here.part("connect", "1", environment=environment)["portals"][0]["slug"]
            running.forget_calls()
            told = here.part(
                *("visit", slug, str(RESERVED), str(4 * minute + 10)), environment=environment
            )
            found.append({**told, "refused": sum(x["status"] == 429 for x in running.calls())})
    third, tenth = (
        statistics.median(told["seconds"][number - 1] for told in found) * speed
        for number in (NEVER_LENT, RESERVED)
    )
    refused = sum(told["refused"] for told in found)
    return [
        results.figure_of(
            "P3",
            f"calls of who comes when bulk has used {found[0]['used']} of {ALL_A_MINUTE}: "
            f"the first {NEVER_LENT}, and all {RESERVED}",
            f"{third:.2f} s, {tenth:.2f} s, {refused} refused",
            target=f"<= {LONGEST_THREE:g} s, <= {LONGEST_TEN:g} s, no 429",
            holds=third <= LONGEST_THREE and tenth <= LONGEST_TEN and not refused,
        )
    ]
