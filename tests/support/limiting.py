"""Limiters with books of their own, for tests, and time that passes only when told.

The limiter reads Valkey's clock, which nobody can set. So a minute passes by making everything in
the books a minute older, and no test depends on how fast the machine is: it only must not stand
still for the better part of a real minute.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import redis
from django.conf import settings

from xero_sync.api import limits, rate_limiter

STARTER = limits.Limits(minute=60, day=1000, concurrent=5, app_minute=10_000, lapse_seconds=30.0)
# What of a book is an instant.
_MOMENTS = ("day_ends", "day_knocked", "day_since", "closed_until", "people_at")


def forget_shared() -> None:
    """Let the shared limiters be made anew, from the settings as they are by then.

    Their lines to Valkey are closed: left to the collector, one might be found open by whatever
    test runs by then.
    """
    for shared in (rate_limiter.shared, rate_limiter.at_a_glance):
        if shared.cache_info().currsize:
            shared().close()
        shared.cache_clear()


class Counter:
    """One organisation at the limiter's counter."""

    def __init__(self, books: rate_limiter.Limiter, tenant_id: uuid.UUID) -> None:
        self.books = books
        self.tenant_id = tenant_id

    def ask(
        self, lane: rate_limiter.Lane = rate_limiter.Lane.PEOPLE
    ) -> rate_limiter.Slot | rate_limiter.Wait:
        """Ask for one slot."""
        return self.books.acquire(tenant_id=self.tenant_id, lane=lane)

    def take(self, lane: rate_limiter.Lane = rate_limiter.Lane.PEOPLE) -> rate_limiter.Slot:
        """Take a slot that must be free."""
        answer = self.ask(lane)
        assert isinstance(answer, rate_limiter.Slot), answer
        return answer

    def refused(self, lane: rate_limiter.Lane = rate_limiter.Lane.PEOPLE) -> rate_limiter.Wait:
        """Ask for a slot that must not be free."""
        answer = self.ask(lane)
        assert isinstance(answer, rate_limiter.Wait), answer
        return answer

    def give_back(self, slot: rate_limiter.Slot, **left: int) -> None:
        """End a call; `minute`, `day` and `app` are what Xero says is left."""
        self.books.release(slot, headers=headers(**left), answered=True)

    def call(
        self, times: int = 1, lane: rate_limiter.Lane = rate_limiter.Lane.PEOPLE, **left: int
    ) -> None:
        """Make calls one after the other, each answered with the same headers."""
        for _ in range(times):
            self.give_back(self.take(lane), **left)


def headers(**left: int) -> Mapping[str, str]:
    """Return Xero's own headers for what is left."""
    names = {
        "minute": "X-MinLimit-Remaining",
        "day": "X-DayLimit-Remaining",
        "app": "X-AppMinLimit-Remaining",
    }
    return {names[name]: str(value) for name, value in left.items()}


class Books:
    """The books under a prefix in the real Valkey."""

    def __init__(self, server: redis.Redis, prefix: str) -> None:
        self.server = server
        self._prefix = prefix

    def limiter(self, known: limits.Limits = STARTER) -> rate_limiter.Limiter:
        """Return a limiter that keeps its books in this corner."""
        return rate_limiter.Limiter(server=self.server, allowed=known, prefix=self._prefix)

    def counter(self, known: limits.Limits = STARTER, **changes: Any) -> Counter:
        """Return the counter of a new organisation, whose first call is already done."""
        counter = Counter(self.limiter(known), uuid.uuid4())
        if not changes.get("new"):
            counter.call()
        return counter

    def flush(self) -> None:
        """Lose everything, as Valkey does when it is restarted."""
        for key in self._keys():
            self.server.delete(key)

    def now(self) -> float:
        """Read Valkey's clock, in seconds."""
        seconds, microseconds = self.server.time()
        return seconds + microseconds / 1_000_000

    def let_pass(self, seconds: float) -> None:
        """Let so many seconds pass, for the books; fewer than none turn them back.

        A slot remembers when it was taken: it must not come back with headers after this.
        """
        server: Any = self.server
        for key in self._keys():
            if server.type(key) == b"zset":
                for member, moment in server.zrange(key, 0, -1, withscores=True):
                    server.zadd(key, {member: f"{moment - seconds:.6f}"})
                continue
            for name in _MOMENTS:
                if moment := server.hget(key, name):
                    server.hset(key, name, f"{float(moment) - seconds:.6f}")

    def _keys(self) -> list[bytes]:
        return list(self.server.scan_iter(f"{self._prefix}*", count=1000))


class Sleeper:
    """Stands for the clock on which the limiter waits: sleeping lets the time pass at once."""

    def __init__(self, sleep: Callable[[float], object]) -> None:
        self.slept = 0.0
        self._sleep = sleep

    def monotonic(self) -> float:
        """Tell the time."""
        return self.slept

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.slept += seconds
        self._sleep(seconds)


def waits_by(monkeypatch: pytest.MonkeyPatch, sleep: Callable[[float], object]) -> Sleeper:
    """Let limiters wait by a clock that moves only with what they sleep, which calls `sleep`."""
    sleeper = Sleeper(sleep)
    monkeypatch.setattr(rate_limiter, "time", sleeper)
    return sleeper


@contextlib.contextmanager
def corner() -> Iterator[Books]:
    """Give a corner of Valkey, and sweep it at the end."""
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        books = Books(server, f"test-{uuid.uuid4().hex}:")
        yield books
        books.flush()
