"""`queue_resync SECONDS`: ask for a re-sync of every portal, and watch until all have ended.

The work is the workers'; here it is only watched. Prints how long it took from the asking to the
last end, how many cores of the machine were busy in between, the processor seconds of PostgreSQL,
how often the statements that were looked at waited for a lock, and how often for PostgreSQL's log
to reach the disk, and how each run went.
"""

import json
import sys
import time
from collections import Counter

from django.db import connection

from benchmarks import machine
from benchmarks.parts import product, resync
from lrm.models import Portal
from xero_sync.models import SyncRun


def main(most_seconds: float) -> None:
    """Measure the re-syncs of all portals together.

    :raises TimeoutError: they have not ended after `most_seconds`.
    """
    load, postgres = machine.Busy(), _postmaster()
    processor = machine.processor_seconds(postgres)
    looks = Counter[str]()
    asked_at, began = product.clock(), time.monotonic()
    found = [resync.request(one.slug) for one in Portal.objects.order_by("id")]
    ids = [run.pk for run in found]
    while SyncRun.objects.filter(pk__in=ids, finished_at=None).exists():
        if time.monotonic() - began > most_seconds:
            raise TimeoutError(str([resync.report(run) for run in found][:3]))
        looks.update(_statements())
        time.sleep(0.05)
    cores = load.cores()
    processor = machine.processor_seconds(postgres) - processor
    ended = [SyncRun.objects.get(pk=pk) for pk in ids]
    last = max(run.finished_at for run in ended if run.finished_at)
    seconds = (last - asked_at).total_seconds()
    reports = [resync.report(run) for run in ended]
    told = {"seconds": seconds, "cores": cores, "runs": reports}
    print(json.dumps({**told, "postgres_seconds": processor, "locks": looks}))


def _postmaster() -> int:
    """Return the process of which all of PostgreSQL's come; it runs on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return machine.parent_of(cursor.fetchone()[0])


def _statements() -> dict[str, int]:
    """Return how many of other sessions' statements run now, and how many wait for what.

    One that waits for a part of the log to be written holds, or wants, a lock of the server's own
    on the log. It waits for the disk all the same, as it would alone; and so does one that finds
    the log's buffers full.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE is_lock AND NOT is_log),"
            " count(*) FILTER (WHERE is_log) FROM ("
            "  SELECT coalesce(wait_event_type IN ('Lock', 'LWLock'), FALSE) AS is_lock,"
            "   coalesce(wait_event IN ('WALWrite', 'WALBufMapping', 'WalSync', 'WalWrite',"
            "    'WALSync'), FALSE) AS is_log"
            "  FROM pg_stat_activity WHERE state = 'active' AND datname = current_database()"
            "   AND pid <> pg_backend_pid()) AS statement"
        )
        return dict(zip(("seen", "waited", "for_the_log"), cursor.fetchone(), strict=True))


if __name__ == "__main__":
    main(float(sys.argv[1]))
