"""P2, second part: the round trips to PostgreSQL and Valkey of each piece of work.

Counted and not timed, so the machine makes no difference. Each piece is done once before it is
counted. The targets are what was counted when this was written; the tests hold the same bounds.
"""

from typing import Any

from benchmarks import bench, results

# Four pages of invoices, at least.
DOCUMENTS = 7000
WORK = {
    "page": ("a page of new documents in a re-sync", 16, 2),
    "page_again": ("a page of unchanged documents in a re-sync", 14, 2),
    "sweep": ("an idle sweep of all five kinds", 23, 10),
    "delivery": ("a webhook's delivery, from the request to its answer", 2, 3),
    "unpack": ("unpacking a delivery of one event", 8, 1),
    "event": ("fetching what one event names", 23, 4),
    "save": ("saving a learner", 20, 9),
    "push": ("pushing a learner to Xero", 62, 3),
}


def measure(here: bench.Bench) -> list[results.Row]:
    """Do each piece of work in one process, and count."""
    options = ("--documents", str(DOCUMENTS), "--contacts", "50")
    with here.simulator(*bench.WITHOUT_LIMITS, *options) as running:
        environment = here.product(running, **bench.NO_LIMITS)
        here.part("connect", "1", environment=environment)
        trips = here.part("round_trips", environment=environment)["trips"]
    return [_row(words, most, trips[name]) for name, (words, *most) in WORK.items()]


def _row(words: str, most: list[int], seen: list[Any]) -> results.Row:
    return results.figure_of(
        "P2",
        f"round trips of {words}",
        f"PostgreSQL {seen[0]:.0f}, Valkey {seen[1]}",
        target=f"<= {most[0]}, <= {most[1]}",
        holds=seen[0] <= most[0] and seen[1] <= most[1],
    )
