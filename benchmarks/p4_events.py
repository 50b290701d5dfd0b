"""P4, second half: from a change in Xero to its row here while re-syncs run; storms of events."""

import time
from collections import Counter

from benchmarks import bench, results, workers
from lrm.demo import ports

DOCUMENTS, TINY = 26_000, 1_200
CHANGES, TINY_CHANGES = 120, 3
STORM, TINY_STORM = 1000, 50
STORM_CALLS = 15
MOST_P50, MOST_P99 = 0.4, 1.0
INTENT_SECONDS = 60.0


def measure(here: bench.Bench) -> list[results.Row]:
    """Run the whole product, change one document after the other, then many at once."""
    port = ports.free_port()
    documents = str(here.size(DOCUMENTS, TINY))
    with here.simulator(
        *(*bench.WITHOUT_LIMITS, "--documents", documents),
        webhook_url=f"http://localhost:{port}/webhooks/xero/",
    ) as running:
        environment = here.product(running, **bench.NO_LIMITS)
        made = here.part("connect", "1", environment=environment)["portals"][0]
        here.part("resync", made["slug"], environment=environment)
        with (
            workers.web(here, environment, port=port),
            workers.running(here, environment, queues="people,events"),
            workers.running(here, environment, queues="bulk"),
            workers.beat(here, environment),
        ):
            pass_intent(running)
            changes = str(here.size(CHANGES, TINY_CHANGES))
            told = here.part(
                *("watch_events", running.url, made["tenant"], str(made["organisation"]), changes),
                environment=environment,
            )
        with (
            workers.web(here, environment, port=port),
            workers.running(here, environment, queues="people,events"),
        ):
            running.forget_calls()
            count = str(here.size(STORM, TINY_STORM))
            storm = here.part("storm", running.url, made["tenant"], count, environment=environment)
            calls = Counter(one["path"].rsplit("/", 1)[1] for one in running.calls())
    return [*_visible(told["seconds"], told["resyncs"]), _storm(storm, calls)]


def pass_intent(running: bench.Simulator) -> None:
    """Have Xero check the receiver until it passes, as a person would press the button again.

    :raises bench.PartFailed: it does not within a minute; with what was wrong.
    """
    ends = time.monotonic() + INTENT_SECONDS
    while not (verdict := running.do("webhooks/intent"))["passed"]:
        if time.monotonic() > ends:
            raise bench.PartFailed(f"The intent-to-receive check was not passed: {verdict}")
        time.sleep(1)


def _visible(seconds: list[float], resyncs: int) -> list[results.Row]:
    what = f"event to visible row, {len(seconds)} changes during {resyncs} re-syncs"
    p50, p99 = (results.percentile(seconds, share) for share in (0.5, 0.99))
    return [
        results.figure_of(
            *("P4", f"{what}: {name}", f"{seen:.2f} s"),
            target=f"<= {most:g} s",
            holds=seen <= most,
        )
        for name, seen, most in (("p50", p50, MOST_P50), ("p99", p99, MOST_P99))
    ]


def _storm(storm: dict[str, float], calls: Counter[str]) -> results.Row:
    made = sum(calls.values())
    words = ", ".join(f"{name} {count}" for name, count in sorted(calls.items()))
    return results.figure_of(
        "P4",
        f"calls for {storm['events']:,} events on one organisation ({words})",
        f"{made} in {storm['seconds']:.1f} s",
        target=f"<= {STORM_CALLS} calls",
        holds=made <= STORM_CALLS,
    )
