"""Everything the simulator knows, in one place.

`World` is built once by the server and handed to every handler through `app[WORLD_KEY]`. Parts
that keep state of their own add a function to `on_reset`, so that a test can start afresh, and what
of it must outlive the process to `memories`.
"""

from __future__ import annotations

import dataclasses
import datetime
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from xero_simulator import call_log, clock
from xero_simulator.faults import faults

if TYPE_CHECKING:
    from xero_simulator.identity.connection_registry import ConnectionRegistry
    from xero_simulator.identity.tokens import TokenRegistry
    from xero_simulator.ledger.organisation import Organisation


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
    webhook_url: str = ""
    webhook_key: str = ""
    webhook_timeout: float = 5.0
    client_id: str = "demo-client-id"
    client_secret: str = "demo-client-secret"  # noqa: S105 - a made-up default of a simulator.
    redirect_uris: tuple[str, ...] = ()
    public_url: str = ""
    state: Path | None = None


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
    """Something that happened in an organisation's books and that a webhook may tell."""

    tenant_id: str
    category: str
    resource_id: str
    event_type: str
    at: datetime.datetime
    data: dict[str, Any] | None = None


class Memory(NamedTuple):
    """A part of what a restart takes up again: its type, how to tell it, how to take it up."""

    form: Any
    tell: Callable[[], Any]
    take_up: Callable[[Any], None]


@dataclasses.dataclass
class World:
    """The state of the simulator; `tokens` and `connections` are set while the server builds."""

    options: Options
    clock: clock.Clock
    rng: random.Random
    app: RegisteredApp
    faults: faults.Faults
    organisations: dict[str, Organisation] = dataclasses.field(default_factory=dict)
    users: dict[str, XeroUser] = dataclasses.field(default_factory=dict)
    calls: call_log.CallLog = dataclasses.field(default_factory=call_log.CallLog)
    listeners: list[Callable[[Change], None]] = dataclasses.field(default_factory=list)
    on_reset: list[Callable[[], None]] = dataclasses.field(default_factory=list)
    memories: dict[str, Memory] = dataclasses.field(default_factory=dict)
    tokens: TokenRegistry = dataclasses.field(init=False)
    connections: ConnectionRegistry = dataclasses.field(init=False)

    def tell(self, change: Change) -> None:
        """Hand a change to every listener."""
        for listener in self.listeners:
            listener(change)

    def reset(self) -> None:
        """Go back to the seeded start: books, clock, faults, calls and whatever hooked itself."""
        self.clock.reset()
        self.rng.seed(self.options.seed)
        for organisation in self.organisations.values():
            organisation.reset()
        self.faults.clear()
        self.calls.clear()
        for hook in self.on_reset:
            hook()


WORLD_KEY: web.AppKey[World] = web.AppKey("world", World)


def of(request: web.Request) -> World:
    """Return the world that a request arrived in."""
    return request.app[WORLD_KEY]
