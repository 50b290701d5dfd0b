"""A portal that is connected to the pretend Xero, and its workers' turns taken by hand.

`linked` is a fixture that every test finds by its name. It connects as a person does, the whole way
through consent, so that what follows stands on the rows that production would have. In `unstarted`
nobody has let learners be sent yet, which is how a connection begins.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from connected_apps.models import Connection, Organisation
from lrm.models import Portal, User
from tests.support import builders, neighbourhood, neighbours, valkey_flush, xero
from tests.support.simulator_client import SimulatorClient
from xero_sync.contacts import learner_refreshes, push_queue
from xero_sync.jobs import sweep_schedule
from xero_sync.models import OPEN_RUNS, EventState, PushStart, SyncRun, WebhookEvent
from xero_sync.runs import run_worker
from xero_sync.sweeps import sweeper
from xero_sync.webhooks import deliveries, event_echoes, event_processing


def clock() -> datetime:
    """Read the real clock: what workers run on."""
    return datetime.now(UTC)


def let_learners_go(organisation: Organisation) -> None:
    """Start sending learners, before contacts are read: for tests that are about something else."""
    PushStart.objects.get_or_create(
        organisation=organisation, defaults={"started_at": clock(), "by_name": "A test"}
    )


@dataclass
class Linked:
    """A connected portal."""

    world: SimulatorClient
    portal: Portal
    manager: User
    connection: Connection

    @property
    def organisation(self) -> Organisation:
        """Return the connected organisation."""
        assert self.connection.organisation is not None
        return self.connection.organisation

    @property
    def tenant(self) -> str:
        """Return Xero's id of the organisation."""
        return str(self.organisation.tenant_id)

    def books(self) -> dict[str, Any]:
        """Return everything the organisation has in Xero."""
        found: dict[str, Any] = self.world.show("books", tenant=self.tenant)
        return found

    def sweep(self) -> None:
        """Sweep every resource, and end the first sync where it is still under way."""
        sweep_schedule.make_due(organisation_id=self.organisation.pk, now=clock())
        delay = sweeper.sweep(organisation_id=self.organisation.pk, clock=clock)
        assert delay is None
        for run in SyncRun.objects.filter(is_first=True, state__in=OPEN_RUNS):
            assert self.work(run).finished_at is not None

    def take_events(self) -> None:
        """Unpack what was delivered and fetch all that it names."""
        deliveries.unpack(now=clock())
        event_processing.fetch_pending(organisation_id=self.organisation.pk, clock=clock)
        pending = WebhookEvent.objects.filter(state=EventState.PENDING)
        if pending.filter(not_before__lte=clock() + event_echoes.WAIT).exists():
            event_processing.fetch_pending(
                organisation_id=self.organisation.pk, clock=lambda: clock() + event_echoes.WAIT
            )
        assert not WebhookEvent.objects.filter(state=EventState.PENDING).exists()

    def work(self, run: SyncRun) -> SyncRun:
        """Work on a run until it ends or waits."""
        while (delay := run_worker.work_on(run_id=run.pk, clock=clock)) is not None:
            if delay.total_seconds() > 0:
                break
        run.refresh_from_db()
        return run

    def push(self) -> None:
        """Push learners until none waits."""
        while (delay := push_queue.push_waiting(portal_id=self.portal.pk, clock=clock)) is not None:
            if delay.total_seconds() > 0:
                break

    def refresh(self) -> None:
        """Read the learners for whom somebody pressed *Sync now*, until none is due."""
        while due := learner_refreshes.waiting_refreshes(now=clock()):
            for pk in due:
                learner_refreshes.work_on(refresh_id=pk, clock=clock)


def neighbour_of(linked: Linked) -> Linked:
    """Return another portal that is confirmed on the same organisation, and sends learners too."""
    portal = builders.make_portal("Saltbush Skills Institute")
    manager = builders.make_user(portal, portal_admin=True, accounts=True)
    browser = xero.Browser(linked.world, manager)
    browser.connect()
    browser.post(xero.CHOOSE, organisation=linked.tenant, confirmed="yes")
    other = Linked(linked.world, portal, manager, browser.connection)
    let_learners_go(other.organisation)
    return other


@pytest.fixture
def unstarted(transactional_db: None, simulator: str, settings: Settings) -> Iterator[Linked]:
    """Connect a portal to the simulator's first organisation, the whole way through consent.

    Beside it another portal stands that has the same organisation.
    """
    valkey_flush.forget_all()
    xero.point_at(simulator, settings)
    settings.XERO_ONLINE_INVOICE_HOSTS = [simulator.removeprefix("http://")]
    with neighbourhood.beside():
        portal = builders.make_portal()
        manager = builders.make_user(portal, portal_admin=True, accounts=True)
        browser = xero.Browser(SimulatorClient(simulator), manager)
        neighbours.share(uuid.UUID(browser.world.tenant(0)["tenant_id"]))
        browser.connect()
        yield Linked(browser.world, portal, manager, browser.connection)


@pytest.fixture
def linked(unstarted: Linked) -> Linked:
    """Connect a portal, and let its learners be sent."""
    let_learners_go(unstarted.organisation)
    return unstarted
