"""Where a schedule is played: two portals on one organisation, and workers who take turns.

The turns run in this process, one after the other, so that a schedule takes a second. A worker that
is killed dies at one of its statements to the database: what it had committed stays, and so does
its lease. The workers' clock and Xero's jump forward together.
"""

import logging
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import requests
from django.db import connection

from connected_apps.models import Connection, Organisation
from lrm.models import Portal
from tests.convergence.crew import Crew
from tests.convergence.deaths import killed_at
from tests.convergence.identities import witness
from tests.convergence.identities.oracle import Facts
from tests.convergence.identities.sides import Shown, Side, connected
from tests.convergence.worker import Complaints
from tests.support import simulator_process, valkey_flush
from tests.support.linked import let_learners_go
from tests.support.simulator_client import SimulatorClient
from xero_sync.contacts import push_queue
from xero_sync.models import Cursor, Delivery, SyncRun
from xero_sync.resources import Resource
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import deliveries, event_processing

Turn = Literal["push", "events", "sweep"]
WEBHOOK_KEY = "demo-webhook-key"
# More than any lease and any waiting time that the product chooses by itself.
LONG = timedelta(minutes=20)
NEVER = timedelta(days=3650)
# Other documents are left out, which saves calls.
PLAYED_WITH = (Resource.CONTACT, Resource.INVOICE)
MOST_BATCHES = 8
MOST_ROUNDS = 12
_GOOD_DELIVERY = {
    "lose_next": 0,
    "lose_chance": 0,
    "double": False,
    "double_chance": 0,
    "shuffle": False,
    "delay_seconds": 3600,
}
_complaints = Complaints()


class Stage:
    """Two portals and their Xero, and whatever a schedule does to them."""

    def __init__(self, world: SimulatorClient, webhook_url: str, crew: Crew | None = None) -> None:
        self.world = world
        self.crew = crew
        self._webhook_url = webhook_url

    def begin(self) -> None:
        """Start afresh: seeded books, and two new portals connected to them."""
        Connection.objects.all().delete()
        # Xero's ids are the same in every schedule: nobody of one before may hold a contact.
        Organisation.objects.all().delete()
        with connection.cursor() as cursor:
            # A portal goes with its trail, which nothing else may delete.
            cursor.execute("SET lrm.trail_may_go = 'on'")
            Portal.objects.all().delete()
            cursor.execute("RESET lrm.trail_may_go")
        Delivery.objects.all().delete()
        valkey_flush.forget_all()
        self.world.do("reset")
        self.ahead = 0.0
        # Whether anything was done here since the pages were looked at; whether calls may fail.
        self.is_touched = self.is_faulty = False
        _complaints.heard.clear()
        logging.getLogger("xero_sync.jobs.retry_policy").addHandler(_complaints)
        one = connected(self.world, at=0)
        assert one.connection.organisation is not None
        self.tenant = str(one.connection.organisation.tenant_id)
        self.sides = [one, connected(self.world, at=1, tenant=self.tenant)]
        self._start_pushing()
        # What is older than the connection is of no interest here.
        SyncRun.objects.all().delete()
        url = f"{self._webhook_url}/webhooks/xero/"
        self.world.do("webhooks", url=url, key=WEBHOOK_KEY, enabled=True, **_GOOD_DELIVERY)
        self.witness = witness.Witness(self.sides)
        self.witness.look(self.books())
        self._bystanders = list(self.witness.order)

    def _start_pushing(self) -> None:
        """Do what a person does before the first learner goes to Xero."""
        for side in self.sides:
            assert side.connection.organisation is not None
            let_learners_go(side.connection.organisation)

    def now(self) -> datetime:
        """Read the clock of the workers."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def later(self, by: timedelta) -> None:
        """Let time pass, here and in Xero."""
        self.ahead += by.total_seconds()
        self.world.do("clock", advance_seconds=by.total_seconds())

    def books(self) -> dict[str, Any]:
        """Return all that the organisation has in Xero."""
        found: dict[str, Any] = self.world.show("books", tenant=self.tenant)
        return found

    # What people do.

    def in_play(self) -> list[str]:
        """Return the contacts that schedules play with, in the order in which they came."""
        return self.witness.in_play(self._bystanders)

    def act(self, path: str, **given: Any) -> str | None:
        """Do something in Xero's own pages; return the id, None where Xero does not allow it."""
        answer = requests.post(
            f"{self.world.url}/simulator/{path}",
            json={"tenant": self.tenant, **given},
            timeout=simulator_process.TIMEOUT,
        )
        self.witness.look(self.books())
        return str(answer.json()["id"]) if answer.ok else None

    def invoice(self, contact_id: str) -> None:
        """Have accounts make out an invoice."""
        line = {"description": "Course fee", "unit_amount": "110.00"}
        self.act("documents", act="raise", contact_id=contact_id, lines=[line])

    def save(self, side: Side, slot: int, facts: Facts, *, ticked: bool) -> None:
        """Have somebody save a learner by the form."""
        learner_id = side.save(slot, facts, ticked=ticked)
        if learner_id is not None:
            self.witness.typed(side, learner_id)
            self.is_touched = True

    def answer(self, side: Side, learner_id: int, contact_id: str, says: str) -> None:
        """Have somebody answer a question that the page asks."""
        if side.answer(learner_id, contact_id, says):
            self.witness.said[learner_id, contact_id] = says == "yes"
            self.is_touched = True

    # What workers do.

    def work(self, turn: Turn, side: Side, *, dies_after: int | None = None) -> None:
        """Let a worker take a turn, to its end or to its death, and judge what it did."""
        turns: dict[str, Callable[[Side], bool]] = {
            "push": self._push,
            "events": self._take_events,
            "sweep": self._sweep,
        }
        mark = self.witness.mark()
        is_known = False
        with killed_at(dies_after):
            is_known = turns[turn](side)
        assert not _complaints.heard, "\n".join(_complaints.heard)
        is_sure = dies_after is None and not self.is_faulty
        self.witness.judge(self.books(), side if turn == "push" else None, is_sure=is_sure)
        if is_known:
            self.witness.swept(side, mark)
        self.is_touched = True

    def work_and_be_killed(self, side: Side, *, after: float) -> None:
        """Let a worker process push, and kill it so many seconds into its turn."""
        assert self.crew is not None
        pid = self.crew.start("push", side.portal.pk, ahead=self.ahead)
        time.sleep(after)
        self.crew.signal(pid, signal.SIGKILL)
        self.crew.wait(pid)
        self.witness.judge(self.books(), side, is_sure=False)
        self.is_touched = True

    def _push(self, side: Side) -> bool:
        for _ in range(MOST_BATCHES):
            delay = push_queue.push_waiting(portal_id=side.portal.pk, clock=self.now)
            if delay is None or delay > timedelta(0):
                return False
        raise AssertionError("learners are pushed again and again")

    def _take_events(self, side: Side) -> bool:
        deliveries.unpack(now=self.now())
        event_processing.fetch_pending(organisation_id=side.organisation_id, clock=self.now)
        return False

    def _sweep(self, side: Side) -> bool:
        """Sweep contacts and invoices; return whether all of both was read."""
        cursors = Cursor.objects.filter(organisation_id=side.organisation_id)
        cursors.exclude(resource__in=PLAYED_WITH).update(next_due_at=self.now() + NEVER)
        cursors.filter(resource__in=PLAYED_WITH).update(next_due_at=self.now())
        asked_at = self.now()
        delay = sweeper.sweep(organisation_id=side.organisation_id, clock=self.now)
        return delay is None and not cursors.filter(next_due_at__lte=asked_at).exists()

    # How it stands.

    def look(self) -> None:
        """Judge the pages, where something was done that may have changed them."""
        if self.is_touched:
            self.look_at_pages()

    def look_at_pages(self) -> dict[int, Shown]:
        """Open the page of every learner and judge it by what must hold at any moment."""
        found = {}
        self.is_touched = False
        for side in self.sides:
            for learner_id in side.typed:
                found[learner_id] = shown = side.shown(learner_id)
                self.witness.judge_page(side, learner_id, shown)
        return found

    def fail(self, **script: Any) -> None:
        """Let some of the next calls go wrong."""
        self.is_faulty = True
        self.world.do("faults", **script)

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self.is_faulty = False
        self.world.heal()

    def converge(self) -> None:
        """Let the faults stop and all work be done, then judge every page by the whole rule."""
        self.heal()
        self.world.do("webhooks", **_GOOD_DELIVERY)
        # So that whoever is shown what is not theirs is found out.
        for contact_id in self.in_play():
            if self.witness.contacts[contact_id]["status"] == "ACTIVE":
                self.invoice(contact_id)
        self.world.do("webhooks/flush")
        before: object = None
        for _ in range(MOST_ROUNDS):
            self.later(LONG)
            for side in self.sides:
                self.work("events", side)
                self.work("sweep", side)
                self.work("push", side)
            # Xero's time of a change may move where nothing else does.
            stands = self.witness.essence(), self.look_at_pages()
            if stands == before:
                break
            before = stands
        else:
            raise AssertionError("learners are never done")
        for side in self.sides:
            for learner_id in side.typed:
                self.witness.judge_end(side, learner_id, stands[1][learner_id])
