"""`first_sync`: connect a portal and let one worker work until the last twelve months are verified.

Time begins once consent is given, with the worker's first turn. Where the organisation's documents
were not cut by age, it ends with the run.
"""

import json
import time

from django import urls

from benchmarks.parts import product
from invoices.models import Document
from xero_sync.models import SyncRun
from xero_sync.runs import newest_first, run_worker


def main() -> None:
    """Connect, read, and print how long it took and what is here."""
    product.connect(1)
    urls.reverse("home")
    run = SyncRun.objects.get(is_first=True)
    began = time.perf_counter()
    while not _has_newest(run):
        delay = run_worker.work_on(run_id=run.pk, clock=product.clock)
        if delay is None:
            break
        time.sleep(min(delay.total_seconds(), 61))
    run.refresh_from_db()
    lines = {line.text: line.at for line in run.lines.all()}
    here = lines.get(run_worker.NEWEST_HERE) or run.finished_at
    told = {
        "state": run.state,
        "reason": run.reason,
        "seconds": (here - run.started_at).total_seconds() if here and run.started_at else None,
        "wall": time.perf_counter() - began,
        "newest": Document.objects.filter(date__gt=newest_first.last_older_day(run)).count(),
        "all": Document.objects.count(),
    }
    print(json.dumps(told))


def _has_newest(run: SyncRun) -> bool:
    return newest_first.newest_is_verified(run.steps.all())


if __name__ == "__main__":
    main()
