"""`round_trips [SHOW]`: how many round trips each piece of work costs.

Each is done once before it is counted, so that connections, scripts and temporary tables are there.
With SHOW, the statements themselves go to stderr.
"""

import base64
import hashlib
import hmac
import json
import sys
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.test import Client

from benchmarks import trips
from benchmarks.parts import product, resync
from connected_apps.models import Connection
from invoices.models import Document
from lrm.models import Portal, User
from lrm.roster import learners
from xero_sync.contacts import push_queue
from xero_sync.models import Cursor
from xero_sync.runs import run_worker
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import deliveries, event_processing

# Every page of documents has one.
A_PAGE = "COPY incoming_invoices_document"


class Work:
    """The pieces of work, on one portal."""

    def __init__(self) -> None:
        self.portal = Portal.objects.get()
        connection = Connection.objects.select_related("organisation").get()
        assert connection.organisation is not None
        self.organisation = connection.organisation
        self._by = User.objects.get()
        self._number = 0

    def resync(self) -> None:
        """Re-sync everything."""
        run = resync.request(self.portal.slug)
        while (delay := run_worker.work_on(run_id=run.pk, clock=product.clock)) is not None:
            assert delay < timedelta(seconds=5), delay

    def sweep(self) -> None:
        """Sweep all kinds, with nothing new to find."""
        delay = sweeper.sweep(organisation_id=self.organisation.pk, clock=product.clock)
        assert delay is None, delay

    def make_due(self) -> None:
        """Let all kinds be swept."""
        Cursor.objects.update(next_due_at=product.clock())

    def deliver(self) -> None:
        """Send one webhook as Xero does; in this process, for the sake of counting."""
        document = Document.objects.filter(kind="INVOICE").order_by("pk")[0]
        event = {
            "resourceUrl": f"https://api.xero.com/api.xro/2.0/Invoices/{document.xero_id}",
            "resourceId": str(document.xero_id),
            "eventDateUtc": "2026-01-01T00:00:00.000",
            "eventType": "UPDATE",
            "eventCategory": "INVOICE",
            "tenantId": str(self.organisation.tenant_id),
            "tenantType": "ORGANISATION",
        }
        told = {"events": [event], "firstEventSequence": 1, "lastEventSequence": 1}
        body = json.dumps({**told, "entropy": "S0m3r4nd0mt3xt"}).encode()
        key = settings.XERO_WEBHOOK_KEYS[0].encode()
        signature = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
        answer = Client().post(
            "/webhooks/xero/",
            body,
            content_type="application/json",
            headers={"x-xero-signature": signature, "host": "localhost"},
        )
        assert answer.status_code == 200, answer

    def unpack(self) -> None:
        """Take the event out of it."""
        deliveries.unpack(now=product.clock())

    def fetch(self) -> None:
        """Fetch and store what the event names."""
        event_processing.fetch_pending(organisation_id=self.organisation.pk, clock=product.clock)

    def save_learner(self) -> None:
        """Save a learner who is not in Xero."""
        self._number += 1
        details = learners.LearnerDetails(
            number=f"RT-{self._number}",
            given_name="Wren",
            family_name=f"Tripcount {self._number}",
            email=f"wren{self._number}@example.com",
            sync_to_xero=True,
        )
        learners.save_learner(portal=self.portal, details=details, by=self._by, now=product.clock())

    def push(self) -> None:
        """Send them to Xero."""
        push_queue.push_waiting(portal_id=self.portal.pk, clock=product.clock)


def count(work: Callable[[], None], before: Callable[[], None] = lambda: None) -> trips.Trips:
    """Do a piece of work twice and count the second time."""
    before()
    work()
    before()
    with trips.counted() as counted:
        work()
    return counted


def main(*, show: bool) -> None:
    """Count all of it."""
    work = Work()
    work.make_due()
    work.sweep()
    work.resync()
    documents = Document.objects.count()
    known = count(work.resync)
    Document.objects.all().delete()
    with trips.counted() as new:
        work.resync()

    def delivered() -> None:
        work.deliver()
        work.unpack()

    found = {
        "known": known,
        "new": new,
        "sweep": count(work.sweep, work.make_due),
        "delivery": count(work.deliver),
        "unpack": count(work.unpack, work.deliver),
        "event": count(work.fetch, delivered),
        "save": count(work.save_learner),
        "push": count(work.push, work.save_learner),
    }
    if show:
        for name, one in found.items():
            print(f"== {name}\n{one.by_statement()}", file=sys.stderr)
    told: dict[str, list[float]] = {name: [one.postgres, one.valkey] for name, one in found.items()}
    # From one page's COPY to the next one's; a call is a slot, and its return.
    told["page"] = [new.apart(A_PAGE), 2]
    told["page_again"] = [known.apart(A_PAGE), 2]
    print(json.dumps({"documents": documents, "trips": told}))


if __name__ == "__main__":
    main(show=len(sys.argv) > 1)
