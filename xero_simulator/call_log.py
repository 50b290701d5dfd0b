"""A log of every call, so that a test can count what a client asked."""

import datetime
from typing import NamedTuple


class Call(NamedTuple):
    """One answered (or cut) call; `status` is 0 where the reply never left."""

    n: int
    at: datetime.datetime
    method: str
    path: str
    query: str
    tenant: str
    status: int
    bytes: int

    def as_json(self) -> dict[str, str | int]:
        """Return the call as plain values."""
        return {**self._asdict(), "at": self.at.isoformat()}


class CallLog:
    """Calls in order, numbered from 1; numbers go on after a clear."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._count = 0

    def add(
        self,
        *,
        at: datetime.datetime,
        method: str,
        path: str,
        query: str,
        tenant: str,
        status: int,
        size: int,
    ) -> None:
        """Note a call when its answer is known; `size` is the body's bytes as sent."""
        self._count += 1
        self._calls.append(Call(self._count, at, method, path, query, tenant, status, size))

    def since(self, n: int = 0) -> list[Call]:
        """Return the calls numbered above n."""
        return [call for call in self._calls if call.n > n]

    def clear(self) -> None:
        """Forget all calls."""
        self._calls.clear()
