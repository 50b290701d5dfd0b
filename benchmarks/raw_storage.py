"""RAW: what keeping Xero's JSON beside the columns costs, in the forms in which it could be kept.

Nothing is judged: the figures are those of the decision in docs/decisions.md. A server without lz4,
such as the one of the pip package, shows the other forms only; `BENCH_DATABASE_URL` names another.
"""

from typing import Any

from benchmarks import bench, results

# 72 in a hundred are sales documents.
DOCUMENTS, TINY = 139_000, 1_200


def measure(here: bench.Bench) -> list[results.Row]:
    """Store the same documents in each form and read them back."""
    documents = str(here.size(DOCUMENTS, TINY))
    with here.simulator(*bench.WITHOUT_LIMITS, "--documents", documents) as running:
        environment = here.product(running, **bench.NO_LIMITS)
        tenant = here.part("connect", "1", environment=environment)["portals"][0]["tenant"]
        told = here.part(
            "raw_storage", tenant, str(here.rounds), environment=environment, seconds=3000
        )
    return [_row(name, found, told) for name, found in told["forms"].items()] + [
        results.Row("RAW", f"{name}: this server cannot", "") for name in told["left_out"]
    ]


def _row(name: str, found: dict[str, float], told: dict[str, Any]) -> results.Row:
    stored = (
        f"{found['rows_a_second']:,.0f} rows/s stored"
        f" (us a row: Python {found['store_python']:.0f}, PostgreSQL {found['store_server']:.0f})"
        f"; read and parsed in {found['read_seconds']:.1f} s"
        f" (Python {found['read_python']:.0f}, PostgreSQL {found['read_server']:.0f})"
    )
    size = (
        f"bytes a row: table {found['size']:,.0f}, of which TOAST {found['toast']:,.0f};"
        f" WAL {found['wal']:,.0f}; JSON {told['json'] / told['rows']:,.0f}"
    )
    return results.Row("RAW", f"{told['rows']:,} documents as {name}", stored, size)
