"""What a scripted fault answers, and what it does to a true answer."""

import re
import zlib
from collections.abc import Callable

from aiohttp import web

from xero_simulator.faults import faults
from xero_simulator.gateway import gateway_errors

_PLAIN = {
    "maintenance": "The Xero API is currently offline for maintenance",
    "unavailable": "The Xero API is temporarily unavailable",
    "offline": "The Organisation is offline",
}
# As recorded and logged from Xero: only a minute and a day say when to come back.
_LIMITS = {
    "minute": {
        "Retry-After": "22",
        "X-MinLimit-Remaining": "0",
        "X-DayLimit-Remaining": "4539",
        "X-AppMinLimit-Remaining": "9938",
    },
    "day": {
        "Retry-After": "66975",
        "X-MinLimit-Remaining": "60",
        "X-DayLimit-Remaining": "0",
    },
    "concurrent": {},
    "appminute": {"X-AppMinLimit-Remaining": "0"},
}


_GZIP = 16 + zlib.MAX_WBITS
# Takes a body and the name of a fault, and returns the body with that done to it.
CorruptBody = Callable[[bytes, str], bytes]


def scripted(fault: faults.Answer, correlation_id: str) -> web.Response:
    """Return what a fault answers in the service's place; its own parts go before the named."""
    answer = _named(fault.named, correlation_id)
    if fault.status:
        answer.set_status(fault.status)
    if fault.body is not None:
        answer.body = fault.body
    answer.headers.update(fault.headers)
    return answer


def corrupt(
    answer: web.Response, fault: faults.Answer, corrupt_elements: CorruptBody | None = None
) -> web.Response:
    """Return a true answer with what a fault does to it: another body, further headers.

    :param corrupt_elements: changes what stands in the JSON, where the service has elements; the
        fault `bad_json`, and every corruption where it has none, cuts the body in half.
    """
    if fault.named in faults.CORRUPTING and isinstance(answer.body, bytes) and answer.body:
        body = _uncompressed(answer, answer.body)
        if fault.named == "bad_json" or corrupt_elements is None:
            answer = _with_body(answer, body[: len(body) // 2])
        else:
            answer = _with_body(answer, corrupt_elements(body, fault.named))
    if fault.body is not None and not fault.replaces:
        answer = _with_body(answer, fault.body)
    answer.headers.update(fault.headers)
    return answer


def holds(answer: web.Response, sought: re.Pattern[str] | None) -> bool:
    """Return whether a true answer holds what a fault is about."""
    if sought is None or not isinstance(answer.body, bytes):
        return False
    return sought.search(_uncompressed(answer, answer.body).decode(errors="replace")) is not None


def _uncompressed(answer: web.Response, body: bytes) -> bytes:
    if answer.headers.get("Content-Encoding") == "gzip":
        return zlib.decompress(body, _GZIP)
    return body


def _with_body(answer: web.Response, body: bytes) -> web.Response:
    """Return the answer with another body, uncompressed."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name.lower() not in ("content-encoding", "content-length")
    }
    return web.Response(status=answer.status, body=body, headers=headers)


def _named(name: str, correlation_id: str) -> web.Response:
    if name in _PLAIN:
        return web.Response(status=503, text=_PLAIN[name])
    if name in _LIMITS:
        return _limited(name)
    if name == "token_expired":
        return gateway_errors.unauthorised(
            "TokenExpired: token expired at 01/01/2001 00:00:00", correlation_id
        )
    if name == "unauthorised":
        return gateway_errors.unauthorised("AuthenticationUnsuccessful", correlation_id)
    if name == "forbidden":
        return gateway_errors.forbidden(correlation_id)
    if name == "empty_html_500":
        return web.Response(status=500, content_type="text/html")
    return web.Response(status=200)


def _limited(name: str) -> web.Response:
    return web.Response(status=429, headers={"X-Rate-Limit-Problem": name, **_LIMITS[name]})
