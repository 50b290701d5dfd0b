"""Keeps all workers together below Xero's limits, by books in Valkey that one script keeps.

Xero allows each app and organisation 5 calls at once, 60 a minute and 5,000 a day (1,000 on the
Starter tier), and each app 10,000 a minute over all organisations. Minutes and days are fixed
windows that begin at times of their own (Xero's OAuth 2.0 limits page).

*Minute, organisation and app*: exact whatever the phase of Xero's window. Xero counts a call some
time between its sending and its end. The log holds each call under the moment it ended, in flight
under the moment it will be given up, and a call may start when fewer than the limit stand within
the last minute before it. Take the last call of any window of Xero's: every other call that Xero
counted in it came less than a minute before, so it stood in the log when this one started.

*Concurrent*: calls in flight. One whose worker was killed lapses after the longest a call can last.

*Day*: Xero's `X-DayLimit-Remaining` is believed, and calls that it may not know of yet are added.
Without it, a count that starts at the first call and ends a day later. A figure lower than one seen
before means that Xero's day began anew. When the day is used up and no reply has told its end, one
call an hour asks.

*Xero's headers* only ever tighten the minute: if Xero has counted more calls than the log can
explain, another installation made them, and they are added as if they had ended now. The log
itself is never loosened by a header, because a header speaks of a window whose end is unknown.

*An empty book* (a new organisation, or Valkey was flushed) sends one call ahead, alone; its headers
rebuild the book as above. What was in flight at a flush, at most five calls, is back in the book
when it ends.

*Two lanes*: bulk leaves to people and events 1 call in flight of 5, 10 of 60 calls a minute, a
tenth of the day, and a hundredth of the app's minute.

*Lending*: a call that was made cannot be given back, it can only leave the minute by its age. So
bulk borrows from the 10 of the minute only what comes back by itself within five seconds, it never
borrows the last 3, and it borrows nothing once people or events have asked, until they were quiet
for a minute. What is promised to the first who comes after a quiet minute: three calls start at
once, and all ten within five seconds; after these five seconds it is as if nothing had ever been
lent.

No worker sleeps here longer than a second; the work goes back with a time instead.
"""

import datetime
import enum
import functools
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import redis

from lrm import valkey_clients
from xero_sync.api import errors, limits
from xero_sync.api.errors import LimitKind

PATIENCE_SECONDS = 1.0
_STEP_SECONDS = 0.02
# So long after Valkey failed to answer nobody of this process waits for it again.
AWAY_SECONDS = 2.0
# And no page, which only shows the figures.
AWAY_SECONDS_OF_PAGES = 10.0
_PREFIX = "xero-limiter:"
_SCRIPT = Path(__file__).with_name("rate_limiter.lua").read_text()


class Lane(enum.Enum):
    """Who waits for the call."""

    PEOPLE = "people and events"
    BULK = "re-syncs and sweeps"


@dataclass(frozen=True)
class Slot:
    """Leave to make one call, at once. It must be released, whatever becomes of the call."""

    tenant_id: uuid.UUID
    id: str
    # By Valkey's clock, as text, because the script compares it to the microsecond.
    acquired: str


@dataclass(frozen=True)
class Wait:
    """No leave: which limit stands in the way, and when it will be worth asking again."""

    kind: LimitKind
    until: datetime.datetime
    seconds: float


@dataclass(frozen=True)
class Books:
    """An organisation's calls as we know them; `day_ends_at` is the latest that it can be.

    `is_known` is false until a first reply has come since the book was begun.
    """

    day_used: int
    day_left: int
    day_ends_at: datetime.datetime | None
    minute_used: int
    minute_left: int
    in_flight: int
    is_known: bool


class Limiter:
    """The books of all organisations of this app. Safe in threads and after a fork."""

    def __init__(
        self,
        *,
        server: redis.Redis,
        allowed: limits.Limits,
        prefix: str,
        away_seconds: float = AWAY_SECONDS,
    ) -> None:
        self._allowed = allowed
        self._away_seconds = away_seconds
        self._prefix = prefix
        self._server = server
        self._script = server.register_script(_SCRIPT)
        self._away_until = 0.0

    def close(self) -> None:
        """Hang up. Whoever asks again is connected anew."""
        self._server.close()

    def acquire(self, *, tenant_id: uuid.UUID, lane: Lane) -> Slot | Wait:
        """Take a slot for one call, or learn what to wait for. Never waits itself."""
        allowed = self._allowed
        is_bulk = lane is Lane.BULK
        room = allowed.of_bulk() if is_bulk else allowed
        slot_id = uuid.uuid4().hex
        kind, now, moment = self._run(
            tenant_id,
            "acquire",
            slot_id,
            room.minute,
            room.day,
            room.concurrent,
            room.app_minute,
            allowed.minute_window,
            allowed.day_seconds,
            allowed.lapse_seconds,
            allowed.minute_with_loan if is_bulk else room.minute,
            allowed.loan_seconds if is_bulk else 0,
        )
        if not kind:
            return Slot(tenant_id, slot_id, now)
        seconds = max(0.0, float(moment) - float(now))
        return Wait(cast(LimitKind, kind), _instant(float(moment)), seconds)

    def acquire_soon(
        self, *, tenant_id: uuid.UUID, lane: Lane, patience: float = PATIENCE_SECONDS
    ) -> Slot:
        """Take a slot, waiting for it up to `patience` seconds.

        :raises errors.RateLimited: none is free by then; ask again after its `retry_after`.
        """
        ends = time.monotonic() + patience
        while True:
            answer = self.acquire(tenant_id=tenant_id, lane=lane)
            if isinstance(answer, Slot):
                return answer
            left = ends - time.monotonic()
            if answer.seconds > left or left <= 0:
                raise errors.RateLimited(
                    f"Held back to stay below Xero's {answer.kind} limit.",
                    kind=answer.kind,
                    retry_after=answer.seconds,
                )
            # Uneven steps, so that those who wait do not all ask at the same moments.
            time.sleep(min(left, max(answer.seconds, _STEP_SECONDS * random.uniform(0.5, 1.5))))  # noqa: S311

    def release(
        self,
        slot: Slot,
        *,
        headers: Mapping[str, str],
        answered: bool,
        limited: errors.RateLimited | None = None,
    ) -> float:
        """Give a slot back, with what Xero said about its limits.

        :param headers: of the reply, findable in any letter case; empty where none came.
        :param answered: whether a reply came at all.
        :param limited: the 429, where it was one.
        :returns: for a 429, after how many seconds of ours a call is worth making; else 0.
        """
        allowed = self._allowed
        closed = allowed.real_seconds(limited.kind, limited.retry_after) if limited else 0.0
        self._run(
            slot.tenant_id,
            "release",
            slot.id,
            slot.acquired,
            int(answered),
            _left(headers, "X-MinLimit-Remaining"),
            _left(headers, "X-DayLimit-Remaining"),
            _left(headers, "X-AppMinLimit-Remaining"),
            limited.kind if limited else "",
            closed,
            allowed.minute,
            allowed.day,
            allowed.app_minute,
            allowed.minute_window,
            allowed.day_seconds,
            allowed.lapse_seconds,
        )
        return closed

    def books_of(self, tenant_id: uuid.UUID) -> Books:
        """Return what was used and what is left of an organisation's limits, all lanes together."""
        allowed = self._allowed
        day, ends, minute, running, is_known = self._run(tenant_id, "read", allowed.minute_window)
        return Books(
            day_used=int(day),
            day_left=max(0, allowed.day - int(day)),
            day_ends_at=_instant(float(ends)) if float(ends) else None,
            minute_used=int(minute),
            minute_left=max(0, allowed.minute - int(minute)),
            in_flight=int(running),
            is_known=is_known == "1",
        )

    def _run(self, tenant_id: uuid.UUID, *arguments: Any) -> list[str]:
        own = f"{self._prefix}{tenant_id}:"
        keys = [f"{own}calls", f"{own}flight", f"{own}book"]
        keys += [f"{self._prefix}app:calls", f"{self._prefix}app:book"]
        if time.monotonic() < self._away_until:
            raise redis.ConnectionError("Valkey did not answer a moment ago.")
        try:
            reply = cast("list[bytes]", self._script(keys=keys, args=arguments))
        except (redis.ConnectionError, redis.TimeoutError):
            self._away_until = time.monotonic() + self._away_seconds
            raise
        return [part.decode() for part in reply]


@functools.lru_cache(maxsize=1)
def shared() -> Limiter:
    """Return the limiter that every worker of this installation shares."""
    server = valkey_clients.make_client()
    return Limiter(server=server, allowed=limits.from_settings(), prefix=_PREFIX)


@functools.lru_cache(maxsize=1)
def at_a_glance() -> Limiter:
    """Return the same books for pages that show them, and do not wait for a Valkey that hangs."""
    return Limiter(
        server=valkey_clients.make_client(timeout=valkey_clients.GLANCE_SECONDS),
        allowed=limits.from_settings(),
        prefix=_PREFIX,
        away_seconds=AWAY_SECONDS_OF_PAGES,
    )


def _left(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "").strip()
    return value if value.isascii() and value.isdigit() else ""


def _instant(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
