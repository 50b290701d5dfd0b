"""The access token of a call, and the gateway's refusals where there is none that will do."""

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.gateway import gateway_errors, middleware
from xero_simulator.identity import tokens


def check(request: web.Request) -> tokens.AccessToken:
    """Return what the bearer of a request stands for.

    :raises middleware.Refused: there is none, it is unknown, or its time is over.
    """
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    correlation_id = middleware.correlation_id_of(request)
    try:
        return simulations.of(request).tokens.check(
            text.strip() if scheme.lower() == "bearer" else ""
        )
    except tokens.Expired as expired:
        answer = gateway_errors.expired(expired.expired_at, correlation_id)
    except tokens.Invalid:
        answer = gateway_errors.unauthorised("AuthenticationUnsuccessful", correlation_id)
    raise middleware.Refused(answer)
