"""P4, first half: webhooks answered, beside a bare view that inserts one row.

Both views live in the same server processes, with the same middleware and database; the load
alternates between them, from a process of its own. No worker runs meanwhile: it would take its
processor time from ours alone.
"""

import statistics
from collections.abc import Mapping
from typing import Any

from benchmarks import bench, results, workers
from lrm.demo import stack

POSTS, TINY = 3000, 60
# Fewer than the server has threads (2 processes of 8), so that nobody queues outside it.
AT_ONCE = 8
LEAST_RATE, MOST_SLOWEST = 0.8, 1.5


def measure(here: bench.Bench) -> list[results.Row]:
    """Send bursts to both, in turn."""
    posts = here.size(POSTS, TINY)
    rounds = here.rounds + here.size(1, 0)
    bursts: dict[str, list[Mapping[str, Any]]] = {"ours": [], "bare": []}
    environment = here.product(None) | {"DJANGO_SETTINGS_MODULE": "benchmarks.bare.settings"}
    here.manage("migrate", "--run-syncdb", "-v", "0", environment=environment)
    with workers.web(here, environment) as url:
        addresses = {"ours": f"{url}/webhooks/xero/", "bare": f"{url}/bare/"}
        for round_number in range(rounds):
            for name, address in addresses.items():
                told = here.part(
                    *("load", address, str(posts), str(AT_ONCE), stack.WEBHOOK_KEY),
                    environment=environment,
                )
                if round_number or here.smoke:  # Where it counts, the first only warms both up.
                    bursts[name].append(told)
        sent = rounds * (posts + AT_ONCE)
        stored = here.part("count_rows", "xero_sync_delivery", environment=environment)["rows"]
    return _rows(bursts, posts, sent, stored)


def _rows(
    bursts: Mapping[str, list[Mapping[str, Any]]], posts: int, sent: int, stored: int
) -> list[results.Row]:
    rates = {name: [posts / one["seconds"] for one in seen] for name, seen in bursts.items()}
    slowest = {
        name: [results.percentile(one["milliseconds"], 0.99) for one in seen]
        for name, seen in bursts.items()
    }
    return [
        results.at_least(
            "P4",
            "webhooks answered a second, beside a view that inserts one row",
            f"{statistics.median(rates['ours']):,.0f}/s",
            f"{statistics.median(rates['bare']):,.0f}/s",
            ratio=results.median_ratio(rates["ours"], rates["bare"]),
            target=LEAST_RATE,
        ),
        results.at_most(
            "P4",
            "p99 of their answers",
            f"{statistics.median(slowest['ours']):.1f} ms",
            f"{statistics.median(slowest['bare']):.1f} ms",
            ratio=results.median_ratio(slowest["ours"], slowest["bare"]),
            target=MOST_SLOWEST,
        ),
        results.figure_of(
            "P4",
            "webhooks sent, and stored",
            f"{stored:,} stored",
            other=f"{sent:,} sent",
            target="none lost",
            holds=stored == sent,
        ),
    ]
