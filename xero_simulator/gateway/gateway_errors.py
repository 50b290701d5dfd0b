"""The gateway's own answers when things go wrong, as recorded from Xero."""

from datetime import datetime

from aiohttp import web


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


def forbidden(correlation_id: str) -> web.Response:
    """Return the 403 for an organisation that the bearer does not reach."""
    return _envelope(403, "Forbidden", "AuthenticationUnsuccessful", correlation_id)


def not_found() -> web.Response:
    """Return the gateway's 404, which is HTML whatever was asked for."""
    return web.Response(
        status=404,
        text="The resource you're looking for cannot be found",
        content_type="text/html",
    )


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
