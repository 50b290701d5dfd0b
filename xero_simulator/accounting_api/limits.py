"""Xero's rate limits, as its OAuth 2.0 limits page gives them.

Each app and organisation have a fixed window of a minute and one of a day, which reset at times
of their own; five calls may run at once; an app has a minute window over all organisations. A
refused call is not counted.
"""

import dataclasses
import math
import zlib
from typing import NamedTuple

from aiohttp import web

from xero_simulator import clock, simulations

MINUTE = 60
DAY = 86_400


class Problem(NamedTuple):
    """Why a call is refused; only minute and day windows say when to come back."""

    name: str
    retry_after: int | None


@dataclasses.dataclass
class _Window:
    """A count that starts again whenever its fixed window does."""

    seconds: int
    phase: int
    started: int = -1
    used: int = 0

    def turn(self, now: float) -> int:
        """Begin a new window where it is time, and return the seconds until the next."""
        number, into = divmod(now - self.phase, self.seconds)
        if int(number) != self.started:
            self.started, self.used = int(number), 0
        return math.ceil(self.seconds - into)


class Limiter:
    """Counts calls per app and organisation by the simulated clock."""

    def __init__(self, options: simulations.Options, time: clock.Clock) -> None:
        self._options = options
        self._clock = time
        self.clear()

    def clear(self) -> None:
        """Forget all counts."""
        self._minutes: dict[tuple[str, str], _Window] = {}
        self._days: dict[tuple[str, str], _Window] = {}
        self._apps: dict[str, _Window] = {}
        self._running: dict[tuple[str, str], int] = {}

    def enter(self, client_id: str, tenant_id: str) -> Problem | None:
        """Count a call in, unless a limit forbids it; a call let in must `leave`."""
        key = client_id, tenant_id
        minute, day, app = self._windows(client_id, tenant_id)
        if self._options.limits and (problem := self._problem(key, minute, day, app)):
            return problem
        self._running[key] = self._running.get(key, 0) + 1
        for window in (minute, day, app):
            window.used += 1
        return None

    def leave(self, client_id: str, tenant_id: str) -> None:
        """End a call."""
        key = client_id, tenant_id
        self._running[key] = max(0, self._running.get(key, 0) - 1)

    def headers(self, client_id: str, tenant_id: str) -> dict[str, str]:
        """Return what is left, in Xero's own headers; all of it where limits are off."""
        minute, day, app = self._windows(client_id, tenant_id)
        options = self._options
        return {
            "X-MinLimit-Remaining": self._left(options.minute_limit, minute),
            "X-DayLimit-Remaining": self._left(options.day_limit, day),
            "X-AppMinLimit-Remaining": self._left(options.app_minute_limit, app),
        }

    def _problem(
        self, key: tuple[str, str], minute: _Window, day: _Window, app: _Window
    ) -> Problem | None:
        now = self._clock.now().timestamp()
        options = self._options
        if self._running.get(key, 0) >= options.concurrent_limit:
            return Problem("concurrent", None)
        for name, window, limit in (
            ("appminute", app, options.app_minute_limit),
            ("day", day, options.day_limit),
            ("minute", minute, options.minute_limit),
        ):
            if window.used >= limit:
                return Problem(name, None if name == "appminute" else window.turn(now))
        return None

    def _windows(self, client_id: str, tenant_id: str) -> tuple[_Window, _Window, _Window]:
        key, now = (client_id, tenant_id), self._clock.now().timestamp()
        phase = zlib.crc32(tenant_id.encode())
        minute = self._minutes.setdefault(key, _Window(MINUTE, phase % MINUTE))
        day = self._days.setdefault(key, _Window(DAY, phase % DAY))
        app = self._apps.setdefault(client_id, _Window(MINUTE, 0))
        for window in (minute, day, app):
            window.turn(now)
        return minute, day, app

    def _left(self, limit: int, window: _Window) -> str:
        return str(max(0, limit - window.used) if self._options.limits else limit)


LIMITER_KEY: web.AppKey[Limiter] = web.AppKey("limiter", Limiter)
