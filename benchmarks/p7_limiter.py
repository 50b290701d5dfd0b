"""P7, second part: the limiter with 1, 2 and 8 workers: never a call too many, none too few.

So many processes call one organisation as fast as they are given leave, for four and a half of
Xero's minutes. Four further bursts fit after the first, so 60 calls can be made five times; the
simulator, which counts by fixed windows of its own phase, must never answer 429.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from benchmarks import bench, results

WORKERS, FEW_WORKERS = (1, 2, 8), (2,)
# Six seconds for a minute: long enough that the length of one call hardly shows.
SPEED = 10.0
MINUTE, A_MINUTE = 60.0, 60
WINDOWS = 4.5
BURSTS = 5
# What may be missing: calls still held back by the length of those before them.
TOLERANCE = 0.98


def measure(here: bench.Bench) -> list[results.Row]:
    """Hammer one organisation with each number of workers."""
    minute = MINUTE / SPEED
    limits = {"XERO_MINUTE_SECONDS": str(minute), "XERO_DAY_SECONDS": str(86_400 / SPEED)}
    rows = []
    with here.simulator("--documents", "60", "--clock-speed", str(SPEED)) as running:
        for count in WORKERS if not here.smoke else FEW_WORKERS:
            running.do("reset")
            environment = here.product(running, **limits)
            slug = here.part("connect", "1", environment=environment)["portals"][0]["slug"]
            running.forget_calls()
            windows = WINDOWS if not here.smoke else 0.5
            seconds = str(windows * minute)
            _hammer(here, environment, count, slug, seconds)
            answers = Counter(one["status"] for one in running.calls())
            rows.append(_row(count, answers, A_MINUTE * (BURSTS if not here.smoke else 1)))
    return rows


def _hammer(
    here: bench.Bench, environment: dict[str, str], count: int, slug: str, seconds: str
) -> None:
    with ThreadPoolExecutor(max_workers=count) as pool:
        futures = [
            pool.submit(here.part, "hammer", slug, seconds, "PEOPLE", environment=environment)
            for _ in range(count)
        ]
        for future in futures:
            future.result()


def _row(count: int, answers: Counter[int], allowed: int) -> results.Row:
    made = sum(answers.values())
    return results.figure_of(
        "P7",
        f"limiter, {count} worker{'s' if count > 1 else ''}: calls made, and refused by Xero",
        f"{made} made, {answers[429]} refused",
        other=f"{allowed} allowed",
        target="all allowed, no 429",
        holds=not answers[429] and TOLERANCE * allowed <= made <= allowed,
    )
