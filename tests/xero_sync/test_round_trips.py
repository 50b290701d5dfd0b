"""What a piece of work costs in round trips: so many at the most, and none more by accident.

Everything is done once before it is counted, so that connections and temporary tables are there.
The bounds are what was counted. Who needs one more raises its bound, and says for what.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pytest_django.fixtures import Settings

from benchmarks import trips
from tests.support import limiting, webhook_posts
from tests.support.learners import save
from tests.support.linked import Linked, clock
from tests.support.resyncs import ask
from tests.support.xero_documents import invoice_ids
from xero_sync.jobs import sweep_schedule
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import deliveries, event_processing

# The most of PostgreSQL and of Valkey.
MOST = {
    "an idle sweep": (23, 10),
    "a webhook's delivery": (1, 3),
    "unpacking it": (8, 1),
    "fetching what one event names": (23, 10),
    # One of them reads the learner once its push is leased, which a join would read before.
    "pushing a learner": (73, 3),
    # Four kinds, each of one page and of none in the closing sweep; and whether a program outside
    # wants to be told of its end. Of Valkey 17 where equal wake-ups meet in the sender's queue, one
    # more where they do not.
    "a re-sync of four pages": (224, 18),
}


@dataclass
class Work:
    """Pieces of work, and what has to be there before them."""

    linked: Linked
    numbers: Iterator[str] = field(default_factory=lambda: iter(("L900001", "L900002")))

    def make_due(self) -> None:
        sweep_schedule.make_due(organisation_id=self.linked.organisation.pk, now=clock())

    def sweep(self) -> None:
        assert sweeper.sweep(organisation_id=self.linked.organisation.pk, clock=clock) is None

    def deliver(self) -> None:
        [invoice] = invoice_ids(self.linked, 1)
        webhook_posts.deliver(webhook_posts.event(self.linked, "INVOICE", invoice))

    def unpack(self) -> None:
        deliveries.unpack(now=clock())

    def deliver_and_unpack(self) -> None:
        self.deliver()
        self.unpack()

    def fetch(self) -> None:
        event_processing.fetch_pending(organisation_id=self.linked.organisation.pk, clock=clock)

    def save(self) -> None:
        number = next(self.numbers)
        save(self.linked, number=number, family_name=f"Made-Up {number}")

    def resync(self) -> None:
        assert self.linked.work(ask(self.linked)).finished_at is not None


def test_work_takes_no_more_round_trips_than_it_did(resynced: Linked, settings: Settings) -> None:
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    # Who waits for a slot asks again, so often as the machine is quick.
    settings.XERO_CONCURRENT_LIMIT = 1000
    limiting.forget_shared()
    work = Work(resynced)
    work.make_due()
    work.sweep()

    found = {
        "an idle sweep": count(work.sweep, work.make_due),
        "a webhook's delivery": count(work.deliver),
        "unpacking it": count(work.unpack, work.deliver),
        "fetching what one event names": count(work.fetch, work.deliver_and_unpack),
        "pushing a learner": count(resynced.push, work.save),
        "a re-sync of four pages": count(work.resync),
    }

    counted = {name: (one.postgres, one.valkey) for name, one in found.items()}
    more = {
        name: trips
        for name, trips in counted.items()
        if trips[0] > MOST[name][0] or trips[1] > MOST[name][1]
    }
    assert more == {}, "\n".join(f"{name}\n{found[name].by_statement()}" for name in more)


def count(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> trips.Trips:
    """Do a piece of work twice and count the second time."""
    before()
    work()
    before()
    with trips.counted() as counted:
        work()
    return counted
