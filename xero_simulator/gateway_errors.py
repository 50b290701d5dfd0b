"""Answers outside the accounting endpoints when things go wrong, as recorded from Xero."""

from datetime import datetime

from aiohttp import web

from xero_simulator.faults import faults

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


def unauthorised(detail: str, correlation_id: str) -> web.Response:
    """Return the 401 of the API gateway.

    :param detail: `AuthenticationUnsuccessful`, or the sentence about an expired token.
    """
    answer = _envelope(401, "Unauthorized", detail, correlation_id)
    answer.headers["WWW-Authenticate"] = "Bearer error=invalid_token"
    return answer


def expired(expired_at: datetime, correlation_id: str) -> web.Response:
    """Return the 401 for a token whose time is over."""
    detail = f"TokenExpired: token expired at {expired_at:%m/%d/%Y %H:%M:%S}"
    return unauthorised(detail, correlation_id)


def not_found() -> web.Response:
    """Return the gateway's 404, which is HTML whatever was asked for."""
    return web.Response(
        status=404,
        text="The resource you're looking for cannot be found",
        content_type="text/html",
    )


def scripted(fault: faults.Answer, correlation_id: str) -> web.Response:
    """Return what a fault answers in the service's place; its own parts go before the named."""
    answer = _named(fault.named, correlation_id)
    if fault.status:
        answer.set_status(fault.status)
    if fault.body is not None:
        answer.body = fault.body
    answer.headers.update(fault.headers)
    return answer


def corrupt(answer: web.Response, fault: faults.Answer) -> web.Response:
    """Return a true answer with what a fault does to it: other headers, half of the body."""
    if fault.named in faults.CORRUPTING and isinstance(answer.body, bytes):
        answer.body = answer.body[: len(answer.body) // 2]
    if fault.body is not None:
        answer.body = fault.body
    answer.headers.update(fault.headers)
    return answer


def _named(name: str, correlation_id: str) -> web.Response:
    if name in _PLAIN:
        return web.Response(status=503, text=_PLAIN[name])
    if name in _LIMITS:
        return _limited(name)
    if name == "token_expired":
        return unauthorised("TokenExpired: token expired at 01/01/2001 00:00:00", correlation_id)
    if name == "unauthorised":
        return unauthorised("AuthenticationUnsuccessful", correlation_id)
    if name == "forbidden":
        return _envelope(403, "Forbidden", "AuthenticationUnsuccessful", correlation_id)
    if name == "empty_html_500":
        return web.Response(status=500, content_type="text/html")
    return web.Response(status=200)


def _limited(name: str) -> web.Response:
    return web.Response(status=429, headers={"X-Rate-Limit-Problem": name, **_LIMITS[name]})


def _envelope(status: int, title: str, detail: str, correlation_id: str) -> web.Response:
    return web.json_response(
        {
            "Type": None,
            "Title": title,
            "Status": status,
            "Detail": detail,
            "Instance": correlation_id,
            "Extensions": {},
        },
        status=status,
        headers={"Xero-Correlation-Id": correlation_id},
    )
