"""The state of the simulator, in one place.

A `Simulation` is built once, by `seeding`, and reached by every handler through
`simulations.of(request)`. A part that keeps state of its own adds a function to `on_reset`, so that
a test can start afresh, and a `SnapshotPart` where that state must outlive the process.
"""

import dataclasses
import datetime
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from xero_simulator import call_log, clock
from xero_simulator import habits as of_xero
from xero_simulator.faults import faults
from xero_simulator.identity import connection_registry, tokens
from xero_simulator.ledger import organisation


@dataclasses.dataclass
class Options:
    """The command line, as values."""

    port: int = 0
    host: str = "127.0.0.1"
    seed: int = 1
    documents: int = 1200
    contacts: int = 150
    organisations: int = 3
    max_page_size: int = 1000
    most_listed: int = 0
    limits: bool = True
    minute_limit: int = 60
    day_limit: int = 5000
    concurrent_limit: int = 5
    app_minute_limit: int = 10_000
    clock_speed: float = 1.0
    anchor: datetime.date | None = None
    # How many days the seeded books reach back.
    span_days: int = 548
    webhook_url: str = ""
    webhook_key: str = ""
    webhook_timeout: float = 5.0
    client_id: str = "demo-client-id"
    client_secret: str = "demo-client-secret"  # noqa: S105 - a made-up default of a simulator.
    redirect_uris: tuple[str, ...] = ()
    public_url: str = ""
    state: Path | None = None
    record: Path | None = None
    voids_show_due: bool = False
    habits: of_xero.Habits = dataclasses.field(default_factory=of_xero.Habits)


@dataclasses.dataclass(frozen=True)
class XeroUser:
    """A made-up person with a Xero login."""

    user_id: str
    email: str
    given_name: str
    family_name: str
    tenant_ids: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class RegisteredApp:
    """The one app registered in this Xero; no redirect addresses means any acceptable one."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...]
    name: str


@dataclasses.dataclass(frozen=True)
class Change:
    """Something that happened in an organisation's books and that a webhook may announce."""

    tenant_id: str
    category: str
    resource_id: str
    event_type: str
    at: datetime.datetime
    data: dict[str, Any] | None = None


class SnapshotPart(NamedTuple):
    """One part of the state that outlives the process.

    :param form: the type of its snapshot; `serialization` reads the file by it.
    """

    form: Any
    snapshot: Callable[[], Any]
    restore: Callable[[Any], None]


@dataclasses.dataclass
class Simulation:
    """The state of the simulator, without what the parts over HTTP keep for themselves.

    :param listeners: are given every change of the books.
    :param on_reset: functions of parts that keep state of their own, called by `reset`.
    :param snapshot_parts: what a restart restores, by its name in the state file.
    """

    options: Options
    clock: clock.Clock
    rng: random.Random
    app: RegisteredApp
    faults: faults.Faults
    tokens: tokens.TokenRegistry
    connections: connection_registry.ConnectionRegistry
    organisations: dict[str, organisation.Organisation] = dataclasses.field(default_factory=dict)
    users: dict[str, XeroUser] = dataclasses.field(default_factory=dict)
    habits: of_xero.Habits = dataclasses.field(default_factory=of_xero.Habits)
    calls: call_log.CallLog = dataclasses.field(default_factory=call_log.CallLog)
    listeners: list[Callable[[Change], None]] = dataclasses.field(default_factory=list)
    on_reset: list[Callable[[], None]] = dataclasses.field(default_factory=list)
    snapshot_parts: dict[str, SnapshotPart] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self.habits = dataclasses.replace(self.options.habits)
        self.snapshot_parts |= {
            "clock": SnapshotPart(float, self.clock.ahead, self.clock.set_ahead),
            "organisations": SnapshotPart(
                dict[str, organisation.OrganisationSnapshot],
                lambda: {
                    each.seeded_tenant_id: each.snapshot() for each in self.organisations.values()
                },
                self._restore_organisations,
            ),
            "tokens": SnapshotPart(
                tokens.TokensSnapshot, self.tokens.snapshot, self.tokens.restore
            ),
            "connections": SnapshotPart(
                connection_registry.ConnectionsSnapshot,
                self.connections.snapshot,
                self.connections.restore,
            ),
        }

    def notify(self, change: Change) -> None:
        """Give a change to every listener."""
        for listener in self.listeners:
            listener(change)

    def begin_demo_anew(self, demo: organisation.Organisation) -> None:
        """Reset a Demo Company, as Xero does every 28 days: it is another organisation then.

        Nobody is connected to the new one, and nobody reaches the old one any more.

        :raises records.NotAllowed: it is a real organisation.
        """
        old = demo.tenant_id
        demo.begin_anew()
        self.connections.remove_tenant(tenant_id=old)
        self._follow_tenant_ids()

    def reset(self) -> None:
        """Go back to the seeded start; the signing key and the numbers of calls go on."""
        self.clock.reset()
        self.rng.seed(self.options.seed)
        self.habits = dataclasses.replace(self.options.habits)
        for each in self.organisations.values():
            each.reset()
        self._follow_tenant_ids()
        self.faults.reset()
        self.calls.clear()
        self.tokens.reset()
        self.connections.reset()
        for hook in self.on_reset:
            hook()

    def _restore_organisations(
        self, snapshots: dict[str, organisation.OrganisationSnapshot]
    ) -> None:
        for tenant_id, snapshot in snapshots.items():
            self.organisations[tenant_id].restore(snapshot)
        self._follow_tenant_ids()

    def _follow_tenant_ids(self) -> None:
        """Let organisations be found by the ids that they have now, by their users too."""
        now = {key: each.tenant_id for key, each in self.organisations.items()}
        self.organisations = {each.tenant_id: each for each in self.organisations.values()}
        self.users = {
            key: dataclasses.replace(user, tenant_ids=tuple(now[one] for one in user.tenant_ids))
            for key, user in self.users.items()
        }


SIMULATION_KEY: web.AppKey[Simulation] = web.AppKey("simulation", Simulation)


def of(request: web.Request) -> Simulation:
    """Return the simulation that a request arrived in."""
    return request.app[SIMULATION_KEY]
