"""What every accounting call passes, in Xero's order.

Bearer token, organisation, scope, organisation offline, limits, idempotency, and only then the
books. Scripted faults stand in the gateway's place or spoil the true answer; every call is
logged with a correlation id.
"""

import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web

from xero_simulator import call_log, gateway_errors, simulations
from xero_simulator.accounting_api import (
    accounting_errors,
    corruption,
    idempotency,
    limits,
    mid_walk_changes,
)
from xero_simulator.faults import faults
from xero_simulator.identity import tokens
from xero_simulator.ledger import organisation

PREFIX = "/api.xro/"
ORGANISATION = "organisation"
MAX_QUERY = 2048
LIMITER_KEY: web.AppKey[limits.Limiter] = web.AppKey("limiter", limits.Limiter)
KEYS_KEY: web.AppKey[idempotency.Keys] = web.AppKey("idempotency", idempotency.Keys)
_INVOICES, _PAYMENTS = "accounting.invoices", "accounting.payments"
# The granular scope of each resource, from Xero's scopes page; `.read` is enough for GET.
_SCOPES = {
    "invoices": _INVOICES,
    "creditnotes": _INVOICES,
    "overpayments": _PAYMENTS,
    "prepayments": _PAYMENTS,
    "payments": _PAYMENTS,
    "contacts": "accounting.contacts",
    "organisation": "accounting.settings",
    "organisations": "accounting.settings",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def install(app: web.Application) -> None:
    """Put the gateway around the accounting routes of the app."""
    simulation = app[simulations.SIMULATION_KEY]
    app[LIMITER_KEY] = limits.Limiter(simulation.options, simulation.clock)
    app[KEYS_KEY] = idempotency.Keys(simulation.clock)
    simulation.on_reset += [app[LIMITER_KEY].clear, app[KEYS_KEY].clear]
    mid_walk_changes.install(app)
    app.middlewares.append(_gateway)


def organisation_of(request: web.Request) -> organisation.Organisation:
    """Return the organisation that the gateway let the call through to."""
    found: organisation.Organisation = request[ORGANISATION]
    return found


@web.middleware
async def _gateway(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not request.path.startswith(PREFIX):
        return await handler(request)
    simulation = simulations.of(request)
    tenant = request.headers.get("xero-tenant-id", "")
    correlation_id = str(uuid.uuid4())
    fault = (
        simulation.faults.take(
            host="api",
            path=request.path,
            query=request.query_string,
            method=request.method,
            tenant=tenant,
        )
        or faults.Answer()
    )
    if fault.cut == "before":
        answer = _cut(request)
    else:
        answer = await _answer(request, handler, fault, correlation_id)
        if fault.cut == "after":
            answer = _cut(request)
    answer.headers["Xero-Correlation-Id"] = correlation_id
    _log(simulation.calls, simulation, request, answer, was_cut=bool(fault.cut))
    return answer


async def _answer(
    request: web.Request, handler: Handler, fault: faults.Answer, correlation_id: str
) -> web.Response:
    """Answer past the faults that stand in the gateway's place."""
    is_gateways_own = fault.replaces and fault.status != 500 and fault.named != "empty_html_500"
    if is_gateways_own:
        await simulations.of(request).clock.sleep(fault.delay_seconds)
        return gateway_errors.scripted(fault, correlation_id)
    token = _check_token(request, correlation_id)
    if isinstance(token, web.Response):
        return token
    if refusal := _check_tenant(request, token, correlation_id):
        return refusal
    if refusal := _check_request(request, token, correlation_id):
        return refusal
    return await _limited(request, handler, token, fault, correlation_id)


def _check_token(request: web.Request, correlation_id: str) -> tokens.AccessToken | web.Response:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            return gateway_errors.unauthorised("AuthenticationUnsuccessful", correlation_id)
        return simulations.of(request).tokens.check(bearer.strip())
    except tokens.Expired as error:
        return gateway_errors.expired(error.expired_at, correlation_id)
    except tokens.Invalid:
        return gateway_errors.unauthorised("AuthenticationUnsuccessful", correlation_id)


def _check_tenant(
    request: web.Request, token: tokens.AccessToken, correlation_id: str
) -> web.Response | None:
    """Refuse an organisation that this user has not connected, or that is not named at all."""
    simulation = simulations.of(request)
    tenant = request.headers.get("xero-tenant-id", "").lower()
    connected = simulation.connections.is_connected(token.user_id, token.client_id, tenant)
    if tenant not in simulation.organisations or not connected:
        answer = gateway_errors.scripted(faults.Answer(named="forbidden"), correlation_id)
        left = request.app[LIMITER_KEY].headers(token.client_id, tenant)
        answer.headers["X-AppMinLimit-Remaining"] = left["X-AppMinLimit-Remaining"]
        return answer
    request[ORGANISATION] = simulation.organisations[tenant]
    return None


def _check_request(
    request: web.Request, token: tokens.AccessToken, correlation_id: str
) -> web.Response | None:
    """Refuse a missing scope, an organisation that is offline, and a query that is too long."""
    needed = _SCOPES.get(_resource(request))
    enough = {needed, f"{needed}.read"} if request.method in ("GET", "HEAD") else {needed}
    if needed and not enough & set(token.scopes):
        answer = gateway_errors.unauthorised("AuthorizationUnsuccessful", correlation_id)
        answer.headers["WWW-Authenticate"] = "insufficent_scope"  # Xero's own spelling.
        return answer
    if organisation_of(request).status == "offline":
        return web.Response(status=503, text="The Organisation is offline")
    if len(request.raw_path.partition("?")[2]) > MAX_QUERY:
        return web.Response(status=414, text="The request URI is too long")
    return None


async def _limited(
    request: web.Request,
    handler: Handler,
    token: tokens.AccessToken,
    fault: faults.Answer,
    correlation_id: str,
) -> web.Response:
    """Count the call, hold its slot while it runs, and tell what is left."""
    limiter, tenant_id = request.app[LIMITER_KEY], organisation_of(request).tenant_id
    if problem := limiter.enter(token.client_id, tenant_id):
        return accounting_errors.limited(problem, limiter.headers(token.client_id, tenant_id))
    try:
        await simulations.of(request).clock.sleep(fault.delay_seconds)

        async def act() -> web.Response:
            if fault.replaces:
                return gateway_errors.scripted(fault, correlation_id)
            return await _handle(request, handler)

        answer = await request.app[KEYS_KEY].around(request, token.client_id, act)
        await simulations.of(request).clock.sleep(fault.late_seconds)
    finally:
        limiter.leave(token.client_id, tenant_id)
    answer.headers.update(limiter.headers(token.client_id, tenant_id))
    return corruption.corrupt(answer, fault, simulations.of(request).faults.corrupted_ids)


async def _handle(request: web.Request, handler: Handler) -> web.Response:
    """Run the route; an unknown address is answered in HTML, an unknown method with 501."""
    mid_walk_changes.on_request(request, organisation_of(request))
    try:
        answer = await handler(request)
    except web.HTTPNotFound:
        return gateway_errors.not_found()
    except web.HTTPMethodNotAllowed:
        return accounting_errors.not_implemented()
    if not isinstance(answer, web.Response):
        raise TypeError("the accounting endpoints answer in one piece")
    return answer


def _resource(request: web.Request) -> str:
    parts = request.path.removeprefix(PREFIX).split("/")
    return parts[1].lower() if len(parts) > 1 else ""


def _cut(request: web.Request) -> web.Response:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _log(
    log: call_log.CallLog,
    simulation: simulations.Simulation,
    request: web.Request,
    answer: web.Response,
    *,
    was_cut: bool,
) -> None:
    log.add(
        at=simulation.clock.now(),
        method=request.method,
        path=request.path,
        query=request.query_string,
        tenant=request.headers.get("xero-tenant-id", ""),
        status=0 if was_cut else answer.status,
        size=len(answer.body) if isinstance(answer.body, bytes) else 0,
    )
