"""P7: more workers, more organisations."""

from benchmarks import bench, p7_limiter, p7_sweeps, p7_workers, results


def measure(here: bench.Bench) -> list[results.Row]:
    """Measure workers, limiter and sweeps."""
    return [*p7_workers.measure(here), *p7_limiter.measure(here), *p7_sweeps.measure(here)]
