"""`watch_events SIMULATOR TENANT ORGANISATION_ID COUNT`: from a change in Xero to its row here.

Pays open invoices in the simulator, one after the other, while re-syncs of the same organisation
keep running; looks at the row until it has changed. What is measured holds all of it: Xero's own
collecting of events (a fifth of a second in the simulator), delivery, storing, fetching, writing.
Prints the seconds of each change, and how many re-syncs ran meanwhile.
"""

import json
import sys
import time
from typing import Any

import requests

from benchmarks.parts import resync
from invoices.models import Document
from lrm.models import Portal
from xero_sync.models import SyncRun

PAUSE_SECONDS = 0.25
MOST_SECONDS = 30.0


class Resyncs:
    """Keeps one re-sync of the portal running."""

    def __init__(self) -> None:
        self._slug = Portal.objects.get().slug
        self._run = self._start()
        self.started = 1

    def keep_running(self) -> None:
        """Start the next one where the last has ended."""
        if SyncRun.objects.filter(pk=self._run.pk, finished_at=None).exists():
            return
        self._run = self._start()
        self.started += 1

    def _start(self) -> SyncRun:
        return resync.request(self._slug)


def open_invoices(organisation_id: int, count: int) -> list[Document]:
    """Return approved invoices with something to pay."""
    found = Document.objects.filter(
        organisation_id=organisation_id, kind="INVOICE", status="AUTHORISED", amount_due__gt=0
    )
    return list(found.order_by("-id")[:count])


def pay(simulator: str, tenant: str, invoice: Document) -> float:
    """Pay an invoice in Xero; return the seconds until its row shows it.

    :raises TimeoutError: it never did.
    """
    act: dict[str, Any] = {"tenant": tenant, "act": "pay", "id": str(invoice.xero_id)}
    requests.post(f"{simulator}/simulator/documents", json=act, timeout=30).raise_for_status()
    began = time.perf_counter()
    while not Document.objects.filter(pk=invoice.pk, status="PAID").exists():
        if time.perf_counter() - began > MOST_SECONDS:
            raise TimeoutError(f"{invoice} was paid, but never showed it.")
        time.sleep(0.01)
    return time.perf_counter() - began


def main(simulator: str, tenant: str, organisation_id: int, count: int) -> None:
    """Measure so many changes."""
    invoices = open_invoices(organisation_id, count)
    assert len(invoices) == count, f"Only {len(invoices)} invoices can be paid."
    running = Resyncs()
    seconds = []
    for invoice in invoices:
        running.keep_running()
        time.sleep(PAUSE_SECONDS)
        seconds.append(pay(simulator, tenant, invoice))
    print(json.dumps({"seconds": seconds, "resyncs": running.started}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
