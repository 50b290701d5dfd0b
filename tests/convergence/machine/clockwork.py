"""One clock for the product in this process and for Xero, which stands still until it is moved.

Also what else would let two runs of one example differ: threads that read pages ahead.
"""

import types
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from django.utils import timezone

from tests.support.simulator_client import SimulatorClient
from xero_sync import signal_handlers
from xero_sync.api import client, failures, sessions
from xero_sync.pull import pager
from xero_sync.views import webhooks

# After all that a test process may have left in Xero's books, and long before certificates end.
EPOCH = datetime(2031, 3, 3, 1, 0, tzinfo=UTC)
ANCHOR = "2031-03-02"
# So slow that Xero's clock stands still.
STILL = "0.000000001"


class Clock:
    """The time, here and in Xero."""

    def __init__(self, world: SimulatorClient) -> None:
        self._world = world
        self.now = EPOCH

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def begin(self) -> None:
        """Go to the beginning, from the real time at which Xero's clock was reset."""
        self.now = EPOCH
        shown = datetime.fromisoformat(self._world.show("clock")["now"])
        # Half a millisecond, since Xero tells whole ones and its clock is a little inexact.
        self._advance(EPOCH + timedelta(microseconds=500) - shown)

    def later(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by
        self._advance(by)

    def _advance(self, by: timedelta) -> None:
        self._world.do("clock", advance_seconds=by.total_seconds())


def wind(clock: Clock, patch: pytest.MonkeyPatch) -> None:
    """Let all of the product in this process go by a clock, and by one thread."""
    still = _datetimes_of(clock)
    patch.setattr(timezone, "now", clock)
    defaults: Any = sessions.Session.__init__.__kwdefaults__
    patch.setitem(defaults, "clock", clock)
    for module in (signal_handlers, webhooks):
        patch.setattr(module, "datetime", still)
    for module in (client, failures):
        patch.setattr(module, "datetime", types.SimpleNamespace(datetime=still, UTC=UTC))
    patch.setattr(pager, "ThreadPoolExecutor", InTurn)
    # What is fetched "in another thread" uses this thread's database connection.
    patch.setattr(pager, "connections", types.SimpleNamespace(close_all=lambda: None))


def _datetimes_of(clock: Clock) -> type[datetime]:
    class Still(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # no subclass
            return clock.now.astimezone(tz)

    return Still


class InTurn:
    """Stands where threads would: what is submitted is done at once."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take what a pool of threads takes."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Do it."""
        done: Future[Any] = Future()
        try:
            done.set_result(function(*arguments))
        except Exception as error:
            done.set_exception(error)
        return done

    def shutdown(self, **_: Any) -> None:
        """Nothing is under way."""
