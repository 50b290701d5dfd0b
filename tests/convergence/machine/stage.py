"""Where the machine plays: two portals on one organisation, and workers' turns in this thread."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from connected_apps import book_days
from connected_apps.models import Connection
from connected_apps.states.states import LIVE
from tests.convergence.deaths import killed_at
from tests.convergence.identities.oracle import Facts
from tests.convergence.identities.sides import Side
from tests.convergence.machine import clockwork
from tests.convergence.machine.xero_line import XeroLine
from tests.convergence.stage import GOOD_DELIVERY, NONSENSE, WEBHOOK_KEY
from tests.convergence.worker import Complaints
from tests.support import builders, limiting, valkey_flush, webhook_posts, xero
from tests.support.linked import let_learners_go
from tests.support.tally import DEATH, FAULT, PLAYED, tally
from xero_sync.contacts import push_queue
from xero_sync.jobs import day_limit, sweep_schedule
from xero_sync.maintenance import contact_balances, daily_check, full_readings
from xero_sync.models import OPEN_RUNS, BalanceCheck, Cursor, FullReading, RunWhat, SyncRun
from xero_sync.runs import run_requests, run_worker
from xero_sync.sweeps import beginnings, sweeper
from xero_sync.webhooks import deliveries, event_processing

# Nothing leaves before it is told to.
_HELD_BACK = {**GOOD_DELIVERY, "delay_seconds": 10**7}
# Where nobody listens.
_NOWHERE = "redis://127.0.0.1:1/0"
SECOND = timedelta(seconds=1)


class Stage:
    """Two portals and their Xero."""

    def __init__(self, world: XeroLine, webhook_url: str, patch: pytest.MonkeyPatch) -> None:
        self.world = world
        self._last_call = 0
        # Whether calls may have been made since they were asked for.
        self._has_called = True
        self._books: dict[str, Any] | None = None
        self.clock = clockwork.Clock(world)
        clockwork.wind(self.clock, patch)
        self._webhook_url = webhook_url
        self._patch = patch
        self.complaints = Complaints()
        logging.getLogger("xero_sync.jobs.retry_policy").addHandler(self.complaints)

    def begin(self) -> None:
        """Start afresh: seeded books, nothing here, and nobody."""
        call_command("flush", interactive=False)
        valkey_flush.forget_all()
        limiting.forget_shared()
        self.complaints.heard.clear()
        self.world.do("reset")
        self._books = None
        self.clock.begin()
        self.tenant = str(self.world.tenant(0)["tenant_id"])
        self.silent: set[str] = set()
        # Scripts of faults that stay when all others end.
        self.standing: list[dict[str, Any]] = []
        self.people: list[xero.Browser] = []
        self.sides: list[Side | None] = []
        url = f"{self._webhook_url}/webhooks/xero/"
        self.world.do("webhooks", url=url, key=WEBHOOK_KEY, enabled=True, **_HELD_BACK)
        tally.count(f"{PLAYED}examples of the machine")

    @property
    def portals(self) -> range:
        """The numbers of the portals."""
        return range(len(self.people))

    def add_portal(self) -> None:
        """Let there be one more portal, with a person about to connect it."""
        user = builders.make_user(builders.make_portal(), portal_admin=True, accounts=True)
        self.people.append(xero.Browser(self.world, user))
        self.sides.append(None)

    def connect(self, at: int, *, dies_after: int | None = None) -> None:
        """Let a person connect their portal, the whole way through consent, where it is not."""
        browser = self.people[at]
        if self.is_connected(at):
            return
        self._has_called = True
        with self.dying(dies_after):
            answer = browser.connect()
            if answer["Location"] == xero.CHOOSE:
                browser.post(xero.CHOOSE, organisation=self.tenant, confirmed="yes")
        connection = Connection.objects.filter(portal=browser.user.portal).first()
        if connection is not None and connection.organisation is not None:
            let_learners_go(connection.organisation)
            portal = browser.user.portal
            assert portal is not None
            self.sides[at] = self.sides[at] or Side(at, portal, browser.client, connection)

    def is_connected(self, at: int) -> bool:
        """Whether calls may be made for a portal."""
        portal = self.people[at].user.portal
        return Connection.objects.filter(portal=portal, state__in=LIVE).exists()

    # What happens in Xero; `steps` of the schedules call these.

    def now(self) -> datetime:
        """Tell the time."""
        return self.clock.now

    def show_books(self) -> dict[str, Any]:
        """Return all that the organisation has in Xero."""
        if self._books is None:
            self._books = self.world.show("books", tenant=self.tenant)
        return self._books

    def act(self, path: str, **given: Any) -> bool:
        """Do something in Xero; return whether it was allowed.

        :raises AssertionError: nobody could do it, because it makes no sense.
        """
        self._books = None
        answer = self.world.try_to_do(path, tenant=self.tenant, **given)
        assert answer.ok or not NONSENSE.search(answer.text), answer.text
        return answer.ok

    def fail(self, what: str, *, stands: bool = False, **script: Any) -> None:
        """Let calls go wrong."""
        tally.count(f"{FAULT}{what}")
        self.world.do("faults", **script)
        if stands:
            self.standing.append(script)

    def heal(self) -> None:
        """Let nothing go wrong any more, but for what stands."""
        self.world.heal()
        for script in self.standing:
            self.world.do("faults", **script)
        self.world.do("webhooks", **_HELD_BACK)

    def deliver_poison(self, body: bytes) -> None:
        """Let Xero send a body that nobody can take apart, rightly signed."""
        tally.count(f"{FAULT}delivery that cannot be taken apart")
        answer = webhook_posts.post(body, webhook_posts.sign(body, WEBHOOK_KEY))
        assert answer.status_code == 200

    # What workers do.

    def work(self, turn: str, at: int, *, dies_after: int | None = None) -> timedelta | None:
        """Let a worker take a turn for a portal, to its end or to its death."""
        side = self.sides[at]
        if side is None:
            return None
        tally.count(f"turns: {turn}")
        if turn == "push":
            # The one turn that writes to Xero.
            self._books = None
        take: Callable[[int], timedelta | None] = getattr(self, f"_{turn}")
        delay = None
        self._has_called = True
        with self.dying(dies_after):
            delay = take(side.organisation_id)
        unexpected = [each for each in self.complaints.heard if each.startswith("Unexpected")]
        assert not unexpected, "\n".join(unexpected)
        return delay

    @contextlib.contextmanager
    def dying(self, after: int | None) -> Iterator[None]:
        """Let the block die at one of its statements, if it comes to so many."""
        died = True
        with killed_at(after):
            yield
            died = False
        if died:
            tally.count(f"{DEATH}a worker of the machine")

    @contextlib.contextmanager
    def without_valkey(self) -> Iterator[None]:
        """Take Valkey away."""
        tally.count(f"{FAULT}Valkey away")
        with self._patch.context() as patch:
            patch.setattr(settings, "REDIS_URL", _NOWHERE)
            limiting.forget_shared()
            yield
        limiting.forget_shared()

    @contextlib.contextmanager
    def sweeping_seldom(self) -> Iterator[None]:
        """Let nothing be swept because some minutes have passed."""
        with self._patch.context() as patch:
            patch.setattr(settings, "XERO_SWEEP_SECONDS", timedelta(days=7).total_seconds())
            yield

    def flush_valkey(self) -> None:
        """Let Valkey lose everything."""
        tally.count(f"{FAULT}Valkey lost everything")
        valkey_flush.forget_all()

    def _events(self, organisation_id: int) -> timedelta | None:
        deliveries.unpack(now=self.clock.now)
        return event_processing.fetch_pending(organisation_id=organisation_id, clock=self.clock)

    def _sweep(self, organisation_id: int) -> timedelta | None:
        return sweeper.sweep(organisation_id=organisation_id, clock=self.clock)

    def _sweep_now(self, organisation_id: int) -> timedelta | None:
        sweep_schedule.make_due(organisation_id=organisation_id, now=self.clock.now)
        return self._sweep(organisation_id)

    def _run(self, organisation_id: int) -> timedelta | None:
        run = SyncRun.objects.filter(organisation_id=organisation_id, state__in=OPEN_RUNS)
        first = run.order_by("pk").first()
        return run_worker.work_on(run_id=first.pk, clock=self.clock) if first else None

    def _push(self, organisation_id: int) -> timedelta | None:
        portal_id = Connection.objects.get(organisation_id=organisation_id).portal_id
        return push_queue.push_waiting(portal_id=portal_id, clock=self.clock)

    def _check(self, organisation_id: int) -> timedelta | None:
        Cursor.objects.filter(organisation_id=organisation_id).exclude(count_due_at=None).update(
            count_due_at=self.clock.now
        )
        daily_check.check(organisation_id=organisation_id, clock=self.clock)
        return None

    def _compare(self, organisation_id: int) -> timedelta | None:
        contact_balances.begin(organisation_id=organisation_id, now=self.clock.now)
        BalanceCheck.objects.filter(organisation_id=organisation_id).update(not_before=None)
        contact_balances.compare(organisation_id=organisation_id, clock=self.clock)
        return None

    def _reread(self, organisation_id: int) -> timedelta | None:
        full_readings.begin(organisation_id=organisation_id, now=self.clock.now)
        FullReading.objects.filter(organisation_id=organisation_id).update(not_before=None)
        full_readings.read(organisation_id=organisation_id, clock=self.clock)
        return None

    def beat(self) -> None:
        """Do what beat does by itself, beside waking workers."""
        day_limit.resume_due(now=self.clock.now)
        beginnings.repair(now=self.clock.now)

    # What people do.

    def save(self, at: int, slot: int, facts: Facts, *, ticked: bool) -> None:
        """Have somebody save a learner by the form."""
        side = self.sides[at]
        if side is not None:
            side.save(slot, facts, ticked=ticked)

    def ask_for_run(self, at: int, *, days: int) -> None:
        """Have somebody ask for a re-sync."""
        side = self.sides[at]
        if side is None or not self.is_connected(at):
            return
        organisation = side.connection.organisation
        assert organisation is not None
        today = book_days.today_of(
            portal=side.portal, organisation=organisation, now=self.clock.now
        )
        run_requests.request(
            portal=side.portal,
            date_from=today - timedelta(days=days),
            date_to=today,
            what=RunWhat.DOCUMENTS,
            by=self.people[at].user,
            now=self.clock.now,
        )

    def stands(self) -> list[Side]:
        """Return the portals that are connected."""
        return [
            side for at, side in enumerate(self.sides) if side is not None and self.is_connected(at)
        ]

    def forget_calls(self) -> None:
        """Let the calls that were made so far be no new ones."""
        if self._has_called:
            self.new_calls()

    def new_calls(self) -> list[dict[str, Any]]:
        """Return the accounting calls since this was asked last."""
        self._has_called = False
        made: list[dict[str, Any]] = self.world.show("calls", since=self._last_call)
        self._last_call = made[-1]["n"] if made else self._last_call
        return [one for one in made if "/api.xro/" in one["path"]]
