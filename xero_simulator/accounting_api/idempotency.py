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


class _StoredAnswer(NamedTuple):
    fingerprint: str
    until: datetime.datetime
    status: int
    body: bytes
    headers: dict[str, str]


class Keys:
    """The answers given to each key."""

    def __init__(self, time: clock.Clock) -> None:
        self._clock = time
        self._answers: dict[tuple[str, str], _StoredAnswer] = {}

    def clear(self) -> None:
        """Forget all keys."""
        self._answers.clear()

    async def answer_once(
        self,
        request: web.Request,
        client_id: str,
        perform: Callable[[], Awaitable[web.Response]],
    ) -> web.Response:
        """Perform a call once per key, and give the first answer again."""
        key = request.headers.get(HEADER, "")
        if not key or request.method not in _METHODS:
            return await perform()
        if len(key) > MAX_LENGTH:
            return accounting_errors.validation(
                f"The Idempotency-Key is longer than {MAX_LENGTH} characters."
            )
        fingerprint = await _fingerprint(request)
        stored = self._answers.get((client_id, key))
        if stored and stored.until > self._clock.now():
            return _again(stored, fingerprint, key)
        answer = await perform()
        self._answers[client_id, key] = _StoredAnswer(
            fingerprint,
            self._clock.now() + LIFETIME,
            answer.status,
            answer.body if isinstance(answer.body, bytes) else b"",
            dict(answer.headers),
        )
        return answer


KEYS_KEY: web.AppKey[Keys] = web.AppKey("idempotency", Keys)


def _again(stored: _StoredAnswer, fingerprint: str, key: str) -> web.Response:
    if stored.fingerprint != fingerprint:
        return accounting_errors.validation(
            f"The Idempotency-Key {key} is used with a different request."
        )
    headers = {k: v for k, v in stored.headers.items() if k.lower() != "content-length"}
    return web.Response(status=stored.status, body=stored.body, headers=headers)


async def _fingerprint(request: web.Request) -> str:
    tenant = request.headers.get("xero-tenant-id", "")
    content = f"{request.method} {request.raw_path} {tenant}\n".encode() + await request.read()
    return hashlib.sha256(content).hexdigest()
