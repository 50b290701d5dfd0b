"""`resync SLUG`: one worker re-syncs everything of a portal, from its first call to its end.

It takes turns as the task does, without Celery between them; where the limiter says wait it
waits as long as it was told. Prints how it went, its seconds, and the most memory in MB.
"""

import json
import resource
import sys
import time
from datetime import timedelta

from django import urls

from benchmarks.parts import product
from connected_apps import book_days
from lrm.models import Portal
from xero_sync.models import RunWhat, SyncRun
from xero_sync.runs import run_requests, run_worker

DAYS = 3000
# Where it is told to wait longer, something is wrong, and the state says what.
LONGEST_WAIT = timedelta(seconds=61)


def request(slug: str) -> SyncRun:
    """Ask for a re-sync of all that the books hold."""
    portal = Portal.objects.get(slug=slug)
    now = product.clock()
    organisation = portal.organisations.get()
    today = book_days.today_of(portal=portal, organisation=organisation, now=now)
    return run_requests.request(
        portal=portal,
        date_from=today - timedelta(days=DAYS),
        date_to=today,
        what=RunWhat.DOCUMENTS,
        by=None,
        now=now,
    ).run


def report(run: SyncRun) -> dict[str, object]:
    """Return how a run went."""
    run.refresh_from_db()
    steps = list(run.steps.all())
    return {
        "state": run.state,
        "reason": run.reason,
        "documents": sum(step.read_count for step in steps),
        "new": sum(step.new_count for step in steps),
        "set_aside": sum(step.quarantined_count for step in steps),
        "by_kind": {step.resource: step.item_count for step in steps},
    }


def main(slug: str) -> None:
    """Measure one re-sync."""
    # A worker loads the addresses once in its life, for its first message to a person.
    urls.reverse("home")
    run = request(slug)
    cpu, began = time.process_time(), time.perf_counter()
    while (delay := run_worker.work_on(run_id=run.pk, clock=product.clock)) is not None:
        if delay > LONGEST_WAIT:
            break
        time.sleep(delay.total_seconds())
    seconds = time.perf_counter() - began
    cpu = time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds": seconds, "cpu_seconds": cpu, "memory": memory}
    print(json.dumps({**told, **report(run)}))


if __name__ == "__main__":
    main(sys.argv[1])
