"""`queue_resync SECONDS`: ask for a re-sync of every portal, and watch until all have ended.

The work is the workers'; here it is only watched. Prints how long it took from the asking to the
last end, how many cores of the machine were busy in between, and how each run went.
"""

import json
import sys
import time

from benchmarks import machine
from benchmarks.parts import product, resync
from lrm.models import Portal
from xero_sync.models import SyncRun


def main(most_seconds: float) -> None:
    """Measure the re-syncs of all portals together.

    :raises TimeoutError: they have not ended after `most_seconds`.
    """
    load = machine.Busy()
    asked_at, began = product.clock(), time.monotonic()
    found = [resync.request(one.slug) for one in Portal.objects.order_by("id")]
    ids = [run.pk for run in found]
    while SyncRun.objects.filter(pk__in=ids, finished_at=None).exists():
        if time.monotonic() - began > most_seconds:
            raise TimeoutError(str([resync.report(run) for run in found][:3]))
        time.sleep(0.05)
    cores = load.cores()
    ended = [SyncRun.objects.get(pk=pk) for pk in ids]
    last = max(run.finished_at for run in ended if run.finished_at)
    seconds = (last - asked_at).total_seconds()
    reports = [resync.report(run) for run in ended]
    print(json.dumps({"seconds": seconds, "cores": cores, "runs": reports}))


if __name__ == "__main__":
    main(float(sys.argv[1]))
