"""Idempotency-Key, as Xero's guide to idempotent requests describes it.

The first answer to a key is kept for six minutes, errors included, and given again to the same
request; another request with that key is refused. Keys belong to an app.
"""

import datetime
import hashlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from xero_simulator import clock
from xero_simulator.accounting_api import accounting_errors

HEADER = "Idempotency-Key"
MAX_LENGTH = 128
LIFETIME = datetime.timedelta(minutes=6)
_METHODS = frozenset(("POST", "PUT", "PATCH"))


class _Kept(NamedTuple):
    fingerprint: str
    until: datetime.datetime
    status: int
    body: bytes
    headers: dict[str, str]


class Keys:
    """The answers given to each key."""

    def __init__(self, time: clock.Clock) -> None:
        self._clock = time
        self._kept: dict[tuple[str, str], _Kept] = {}

    def clear(self) -> None:
        """Forget all keys."""
        self._kept.clear()

    async def around(
        self,
        request: web.Request,
        client_id: str,
        act: Callable[[], Awaitable[web.Response]],
    ) -> web.Response:
        """Act once per key: answer again what was answered before."""
        key = request.headers.get(HEADER, "")
        if not key or request.method not in _METHODS:
            return await act()
        if len(key) > MAX_LENGTH:
            return accounting_errors.validation(
                f"The Idempotency-Key is longer than {MAX_LENGTH} characters."
            )
        fingerprint = await _fingerprint(request)
        kept = self._kept.get((client_id, key))
        if kept and kept.until > self._clock.now():
            return _again(kept, fingerprint, key)
        answer = await act()
        self._kept[client_id, key] = _Kept(
            fingerprint,
            self._clock.now() + LIFETIME,
            answer.status,
            answer.body if isinstance(answer.body, bytes) else b"",
            dict(answer.headers),
        )
        return answer


def _again(kept: _Kept, fingerprint: str, key: str) -> web.Response:
    if kept.fingerprint != fingerprint:
        return accounting_errors.validation(
            f"The Idempotency-Key {key} is used with a different request."
        )
    headers = {k: v for k, v in kept.headers.items() if k.lower() != "content-length"}
    return web.Response(status=kept.status, body=kept.body, headers=headers)


async def _fingerprint(request: web.Request) -> str:
    tenant = request.headers.get("xero-tenant-id", "")
    told = f"{request.method} {request.raw_path} {tenant}\n".encode() + await request.read()
    return hashlib.sha256(told).hexdigest()
