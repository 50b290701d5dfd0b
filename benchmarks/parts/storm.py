"""`storm SIMULATOR TENANT COUNT`: change so many documents at once, wait until all is fetched.

Prints the seconds until no event waits any more, and how many events there were.
"""

import json
import sys
import time

import requests

from benchmarks.parts import product  # noqa: F401 - sets Django up, and must come first
from xero_sync.models import Delivery, EventState, WebhookEvent

MOST_SECONDS = 120.0


def main(simulator: str, tenant: str, count: int) -> None:
    """Measure one storm.

    :raises TimeoutError: events still wait after two minutes.
    """
    before = WebhookEvent.objects.count()
    requests.post(
        f"{simulator}/simulator/touch", json={"tenant": tenant, "count": count}, timeout=60
    ).raise_for_status()
    began = time.perf_counter()
    while not _is_over(before + count):
        if time.perf_counter() - began > MOST_SECONDS:
            raise TimeoutError(f"{WebhookEvent.objects.count() - before} of {count} events came.")
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "events": WebhookEvent.objects.count() - before}))


def _is_over(events: int) -> bool:
    waiting = WebhookEvent.objects.filter(state=EventState.PENDING).exists()
    unread = Delivery.objects.filter(unpacked_at=None).exists()
    return WebhookEvent.objects.count() >= events and not waiting and not unread


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
