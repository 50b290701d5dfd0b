"""Endpoints of a portal, and a worker's turns at them on a clock that a test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lrm.hooks import endpoints, sender
from lrm.models import HookEndpoint, HookMessage, Portal, User


@dataclass
class Desk:
    """A portal admin who makes endpoints, and the worker that sends to them."""

    portal: Portal
    by: User
    # How far ahead of the real clock it is.
    ahead: timedelta = field(default_factory=timedelta)

    def clock(self) -> datetime:
        """Return the time as the worker sees it."""
        return datetime.now(UTC) + self.ahead

    def make(self, url: str, *, name: str = "Enrolments") -> tuple[HookEndpoint, str]:
        """Make an endpoint, and return it with its secret."""
        return endpoints.make(portal=self.portal, name=name, url=url, by=self.by, now=self.clock())

    def test(self, endpoint: HookEndpoint) -> HookMessage:
        """Ask for a test message, which nobody has sent yet."""
        endpoints.send_test(endpoint=endpoint, by=self.by, now=self.clock())
        return endpoint.messages.latest("pk")

    def work(self) -> None:
        """Let a worker take its turn at each endpoint that something waits for."""
        for pk in sender.waiting_endpoints(now=self.clock()):
            sender.send_due(endpoint_id=pk, clock=self.clock)

    def wait(self, **time: float) -> None:
        """Let time pass, then let the worker take its turns."""
        self.ahead += timedelta(**time)
        self.work()
