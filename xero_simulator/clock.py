"""The simulator's own time.

Every limit, token and timestamp reads this clock, so that a test can make an hour pass in a
moment and a benchmark can run Xero's minute windows many times faster than real ones.
"""

import asyncio
import contextlib
import datetime
import time


class Clock:
    """Aware UTC time that starts at the real time and runs `speed` times as fast."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._moved = asyncio.Event()
        self.sleepers = 0
        self.reset()

    def reset(self) -> None:
        """Go back to the real time."""
        self.set_ahead(0.0)

    def ahead(self) -> float:
        """Return by how many seconds the simulated time is ahead of the real one."""
        return (self.now() - datetime.datetime.now(datetime.UTC)).total_seconds()

    def set_ahead(self, seconds: float) -> None:
        """Start again from the real time and so many seconds."""
        self._started_at = datetime.datetime.now(datetime.UTC)
        self._started_tick = time.monotonic()
        self._advanced = seconds

    def now(self) -> datetime.datetime:
        """Return the simulated instant, aware, in UTC."""
        elapsed = (time.monotonic() - self._started_tick) * self.speed + self._advanced
        return self._started_at + datetime.timedelta(seconds=elapsed)

    def advance(self, seconds: float) -> None:
        """Jump forward by simulated seconds; sleepers whose time has come wake up."""
        self._advanced += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Wait for simulated seconds, however they pass: by running or by a jump.

        Who waits is counted in `sleepers`, so that a jump can be made when it wakes somebody.
        """
        wake_at = self.now() + datetime.timedelta(seconds=seconds)
        self.sleepers += 1
        try:
            while (left := (wake_at - self.now()).total_seconds()) > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), timeout=left / self.speed)
        finally:
            self.sleepers -= 1
