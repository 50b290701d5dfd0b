"""What surrounds the identity service and `/connections`: call log, faults, correlation id.

The accounting endpoints have a gateway of their own, with tenants and limits; the addresses here
have neither.
"""

import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web

from xero_simulator import gateway_errors, simulations
from xero_simulator.faults import faults

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_IDENTITY = ("/identity/", "/connect/", "/.well-known/")
_CONNECTIONS = "/connections"
_WATCHED_KEY: web.AppKey[bool] = web.AppKey("front_door_watched", bool)


def watch(app: web.Application) -> None:
    """Put the middleware before the routes, once."""
    if _WATCHED_KEY not in app:
        app[_WATCHED_KEY] = True
        app.middlewares.append(_watch)


def host_of(path: str) -> str:
    """Return which of Xero's hosts an address belongs to, or nothing where it is not ours."""
    if path.startswith(_IDENTITY):
        return "identity"
    return "api" if path.lower().startswith(_CONNECTIONS) else ""


@web.middleware
async def _watch(request: web.Request, handler: Handler) -> web.StreamResponse:
    host = host_of(request.path)
    if not host:
        return await handler(request)
    simulation = simulations.of(request)
    tenant = request.headers.get("xero-tenant-id", "")
    correlation_id = str(uuid.uuid4())
    fault = (
        simulation.faults.take(
            host=host,
            path=request.path,
            query=request.query_string,
            method=request.method,
            tenant=tenant,
        )
        or faults.Answer()
    )
    if fault.delay_seconds:
        await simulation.clock.sleep(fault.delay_seconds)
    if fault.cut == "before":
        answer = _cut(request)
    else:
        answer = await _answer(request, handler, fault, correlation_id)
    answer.headers.setdefault("Xero-Correlation-Id", correlation_id)
    simulation.calls.add(
        at=simulation.clock.now(),
        method=request.method,
        path=request.path,
        query=request.query_string,
        tenant=tenant,
        status=0 if fault.cut else answer.status,
        size=len(answer.body) if isinstance(answer.body, bytes) else 0,
    )
    return answer


async def _answer(
    request: web.Request, handler: Handler, fault: faults.Answer, correlation_id: str
) -> web.Response:
    if fault.replaces:
        return gateway_errors.scripted(fault, correlation_id)
    try:
        true_answer = await handler(request)
    except web.HTTPNotFound:
        true_answer = gateway_errors.not_found()
    if not isinstance(true_answer, web.Response):
        raise TypeError("the identity service answers in one piece")
    if fault.cut == "after":
        return _cut(request)
    return gateway_errors.corrupt(true_answer, fault)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)
