"""Where a schedule is played: a connected portal, the simulator, workers, and one clock for all.

The workers' clock and the simulator's jump forward together, so that leases lapse, tokens end and
sweeps fall due while a schedule takes seconds. (What overlaps a sweep is five minutes; if all
changes fell into them, the last sweep would hide every fault before it.)
"""

import re
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from django.db import connection as database
from django.db.models import QuerySet
from pytest_django.fixtures import Settings

from connected_apps import book_days, errors
from connected_apps.models import Connection, Organisation
from connected_apps.oauth import tokens
from connected_apps.states.states import LIVE
from tests.convergence import books
from tests.convergence.crew import PATIENCE_SECONDS, Crew
from tests.support import builders, linked, simulator_process, valkey_flush, waiting, xero
from tests.support.simulator_client import SimulatorClient
from tests.support.tally import tally
from xero_sync.jobs import sweep_schedule
from xero_sync.models import (
    OPEN_RUNS,
    Cursor,
    Delivery,
    EventState,
    RunState,
    RunWhat,
    SyncRun,
    WebhookEvent,
)
from xero_sync.runs import run_requests
from xero_sync.webhooks import event_echoes

SCHEDULES = 25  # Played where nobody asks for more.
WEBHOOK_KEY = "demo-webhook-key"
# More than any lease and any waiting time that the product chooses by itself.
LONG = timedelta(minutes=20)
TURNS = 60
GOOD_DELIVERY = {
    "lose_next": 0,
    "lose_chance": 0,
    "double": False,
    "double_chance": 0,
    "shuffle": False,
    "delay_seconds": 0,
}
# What the simulator says of a call that is wrong, rather than refused as Xero would.
NONSENSE = re.compile(
    "There is no act|is missing|makes no sense|is no amount|is no day|cannot be of type"
)


def point_at(url: str, settings: Settings) -> None:
    """Point this process at a simulator: the browser's part of connecting is played here."""
    xero.point_at(url, settings)
    settings.XERO_WEBHOOK_KEYS = [WEBHOOK_KEY]
    # The receiver of webhooks must leave no connection behind when the database is dropped.
    database.settings_dict["CONN_MAX_AGE"] = 0


def act_in_xero(world: SimulatorClient, path: str, **given: Any) -> bool:
    """Do something in Xero; return whether it was allowed.

    :raises AssertionError: nobody could do it, because it makes no sense.
    """
    answer = requests.post(
        f"{world.url}/simulator/{path}", json=given, timeout=simulator_process.TIMEOUT
    )
    assert answer.ok or not NONSENSE.search(answer.text), answer.text
    return answer.ok


class Stage:
    """One portal and its Xero, and whatever a schedule does to them."""

    def __init__(self, world: SimulatorClient, crew: Crew, webhook_url: str) -> None:
        self.world = world
        self.crew = crew
        self._webhook_url = webhook_url
        self.begin()

    def begin(self) -> None:
        """Start afresh: seeded books, and a new portal connected to them."""
        Connection.objects.all().delete()
        Delivery.objects.all().delete()
        valkey_flush.forget_all()
        self.world.do("reset")
        self.ahead = 0.0
        self.stalled: list[int] = []
        # Documents that changed without a word: what a modified-since list cannot tell.
        self.silent: set[str] = set()
        portal = builders.make_portal()
        self.manager = builders.make_user(portal, portal_admin=True)
        browser = xero.Browser(self.world, self.manager)
        browser.connect()
        self.connection = browser.connection
        assert self.connection.organisation is not None
        self.organisation: Organisation = self.connection.organisation
        self.tenant = str(self.organisation.tenant_id)
        linked.let_learners_go(self.organisation)
        url = f"{self._webhook_url}/webhooks/xero/"
        self.world.do("webhooks", url=url, key=WEBHOOK_KEY, enabled=True)

    def now(self) -> datetime:
        """Read the clock of the workers."""
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    def later(self, by: timedelta) -> None:
        """Let time pass, here and in Xero."""
        self.ahead += by.total_seconds()
        self.world.do("clock", advance_seconds=by.total_seconds())

    def show_books(self) -> dict[str, Any]:
        """Return all that the organisation has in Xero."""
        found: dict[str, Any] = self.world.show("books", tenant=self.tenant)
        return found

    def act(self, path: str, **given: Any) -> bool:
        """Do something in Xero; return whether it was allowed.

        :raises AssertionError: nobody could do it, because it makes no sense.
        """
        return act_in_xero(self.world, path, tenant=self.tenant, **given)

    def ask_for_run(self, *, days: int) -> SyncRun:
        """Ask for a re-sync that reaches back so many days."""
        now = self.now()
        today = book_days.today_of(
            portal=self.connection.portal, organisation=self.organisation, now=now
        )
        return run_requests.request(
            portal=self.connection.portal,
            date_from=today - timedelta(days=days),
            date_to=today,
            what=RunWhat.DOCUMENTS,
            by=self.manager,
            now=now,
        ).run

    def open_runs(self) -> list[int]:
        """Return the runs that have not ended."""
        mine = SyncRun.objects.filter(organisation=self.organisation, state__in=OPEN_RUNS)
        return list(mine.order_by("pk").values_list("pk", flat=True))

    def start(self, turn: str) -> int | None:
        """Begin a turn in a worker; None where there is no re-sync to work on."""
        pk = self.organisation.pk
        if turn == "run":
            waiting = self.open_runs()
            if not waiting:
                return None
            pk = waiting[0]
        return self.crew.start(turn, pk, ahead=self.ahead)

    def finish(self, pid: int) -> float | None:
        """Wait for a worker; one that waits for what a stalled one holds makes that one go on."""
        outcome = self.crew.wait(pid, seconds=0.5 if self.stalled else PATIENCE_SECONDS)
        if outcome.code is None:
            self.wake()
            outcome = self.crew.wait(pid)
        assert outcome.code is not None, "a worker hangs"
        return outcome.delay

    def until_held(self, pid: int) -> bool:
        """Wait until Xero holds a worker's call back; return False where it ended without one."""
        came = waiting.wait_until(
            lambda: self.held() > 0 or self.crew.has_ended(pid),
            seconds=PATIENCE_SECONDS,
            pause=0.005,
        )
        assert came, "a worker hangs"
        return self.held() > 0

    def until_none_is_held(self) -> None:
        """Wait for the answers that a jump of the clock has set free."""
        freed = waiting.wait_until(lambda: not self.held(), seconds=PATIENCE_SECONDS, pause=0.005)
        assert freed, "Xero still holds a call back"

    def held(self) -> int:
        """Return how many calls Xero holds back until its clock has moved."""
        return int(self.world.show("clock")["sleepers"])

    def work(self, turn: str) -> float | None:
        """Take a turn to its end and return in how many seconds there is more."""
        pid = self.start(turn)
        return None if pid is None else self.finish(pid)

    def wake(self) -> None:
        """Let the workers that were stopped go on, to their ends."""
        for pid in self.stalled:
            self.crew.signal(pid, signal.SIGCONT)
        # One that complains has ended all the same, and is not to be ended once more.
        while self.stalled:
            assert self.crew.wait(self.stalled.pop(0)).code is not None, "a worker hangs"

    def make_due(self) -> None:
        """Ask for a sweep of everything."""
        sweep_schedule.begin(organisation_id=self.organisation.pk, now=self.now())
        sweep_schedule.make_due(organisation_id=self.organisation.pk, now=self.now())

    def abandon(self) -> None:
        """Let nothing of a schedule that failed reach into the next."""
        for pid in self.stalled:
            self.crew.signal(pid, signal.SIGKILL)
            self.crew.wait(pid)
        # More than any answer is late.
        self.later(timedelta(hours=2))

    def converge(self) -> dict[tuple[str, str], str]:
        """Let the faults stop and all work be done; return what still differs from Xero."""
        self.world.heal()
        self.world.do("webhooks", **GOOD_DELIVERY)
        self.world.do("drift", every=0)
        self.wake()
        self.world.do("webhooks/flush")
        self.later(LONG)
        self._reconnect_where_lost()
        self._drain()
        self.make_due()
        self._until_swept()
        # A sweep leaves events of our own for invoices that disagree with their credits.
        self._drain()
        found = self._differences()
        # What was served spoiled, and stored so, has changed back in Xero without a word.
        self.silent.update(self.world.show("faults")["spoiled"])
        if self.silent:
            found = {key: text for key, text in found.items() if key[1] not in self.silent}
            if not found:
                run = self.ask_for_run(days=3000)
                self._drain()
                run.refresh_from_db()
                assert run.state == RunState.DONE, run.reason
                found = self._differences()
        return found

    def _reconnect_where_lost(self) -> None:
        """Connect anew, as a portal admin would, where Xero no longer takes the token kept here.

        Xero keeps a refresh token for 30 minutes after it gave the next one. A worker that died
        with that answer, and nobody who asked once more within them, is what loses a connection;
        a schedule may let so much time pass. Whatever else loses one is the product's fault.
        """
        try:
            tokens.renew(connection_id=self.connection.pk, now=self.now())
        except errors.ConnectionBroken:
            self.connection.refresh_from_db()
            grant = self.connection.grant
            assert grant is not None
            theirs = self.world.show("tokens")["grants"][-1]
            assert theirs["alive"], "the connection was given up in Xero"
            assert theirs["refreshes"] > grant.refresh_count, "no refresh was lost, but the token"
            tally.count("went wrong: token that died with a worker")
            browser = xero.Browser(self.world, self.manager)
            browser.connect()
            self.connection = browser.connection

    def _differences(self) -> dict[tuple[str, str], str]:
        self.connection.refresh_from_db()
        assert self.connection.state in LIVE, self.connection.reason
        return books.differences(books.theirs(self.show_books()), books.ours(self.organisation))

    def _drain(self) -> None:
        """Work until no event waits and no re-sync is open."""
        for _ in range(TURNS):
            self._rest(self.work("events"))
            self._rest(self.work("run"))
            if not self.open_runs() and not self._waiting_events():
                return
            if self._put_off_events().exists():
                self.later(event_echoes.WAIT)
        raise AssertionError(f"{self.open_runs()}, {self._waiting_events()} are never done")

    def _put_off_events(self) -> QuerySet[WebhookEvent]:
        return self._pending_events().filter(not_before__gt=self.now())

    def _pending_events(self) -> QuerySet[WebhookEvent]:
        return WebhookEvent.objects.filter(organisation=self.organisation, state=EventState.PENDING)

    def _waiting_events(self) -> int:
        return self._pending_events().count() + Delivery.objects.filter(unpacked_at=None).count()

    def _until_swept(self) -> None:
        for _ in range(TURNS):
            self._rest(self.work("sweep"))
            if not Cursor.objects.filter(
                organisation=self.organisation, next_due_at__lte=self.now()
            ).exists():
                return
        raise AssertionError("a sweep is never done")

    def _rest(self, delay: float | None) -> None:
        """Wait as long as a worker asked for: a blink where it is Valkey's clock that counts."""
        if delay:
            time.sleep(min(delay, 0.05))
            self.later(timedelta(seconds=delay))
