"""P4: webhooks. How fast they are answered, how soon they show, what they cost in calls."""

from benchmarks import bench, p4_events, p4_server, results


def measure(here: bench.Bench) -> list[results.Row]:
    """Measure both halves."""
    return [*p4_server.measure(here), *p4_events.measure(here)]
