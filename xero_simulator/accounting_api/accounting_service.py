"""How an accounting call is run behind the gateway: access, limits, idempotency, then the route.

A call holds its slot of the concurrent limit while it is delayed. The delay comes before the look
at the Idempotency-Key, so that of two calls with one key only the first is done.
"""

import functools

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.accounting_api import (
    access,
    accounting_errors,
    corruption,
    idempotency,
    limits,
    mid_walk_changes,
)
from xero_simulator.gateway import fault_answers, middleware


def install(app: web.Application) -> None:
    """Put access, limits and idempotency before the accounting routes of the app."""
    simulation = app[simulations.SIMULATION_KEY]
    app[limits.LIMITER_KEY] = limits.Limiter(simulation.options, simulation.clock)
    app[idempotency.KEYS_KEY] = idempotency.Keys(simulation.clock)
    simulation.on_reset += [app[limits.LIMITER_KEY].clear, app[idempotency.KEYS_KEY].clear]
    mid_walk_changes.install(app)
    middleware.add_address(app, access.PREFIX, host="api", service=serve)


async def serve(call: middleware.Call) -> web.Response:
    """Run an accounting call and say what is left of the limits."""
    request = call.request
    client_id = access.check(request).client_id
    tenant_id = access.organisation_of(request).tenant_id
    limiter, keys = request.app[limits.LIMITER_KEY], request.app[idempotency.KEYS_KEY]
    if problem := limiter.enter(client_id, tenant_id):
        return accounting_errors.limited(problem, limiter.headers(client_id, tenant_id))
    try:
        await call.delay()
        answer = await keys.answer_once(
            request, client_id, functools.partial(call.perform, _route(call))
        )
    finally:
        limiter.leave(client_id, tenant_id)
    answer.headers.update(limiter.headers(client_id, tenant_id))
    corrupted_ids = simulations.of(request).faults.corrupted_ids
    return fault_answers.corrupt(
        answer,
        call.fault,
        functools.partial(corruption.corrupt_elements, corrupted_ids=corrupted_ids),
    )


def _route(call: middleware.Call) -> middleware.Route:
    """Return the call's route behind the changes of walked lists; an unknown method is a 501."""

    async def run(request: web.Request) -> web.StreamResponse:
        mid_walk_changes.on_request(request, access.organisation_of(request))
        try:
            return await call.route(request)
        except web.HTTPMethodNotAllowed:
            return accounting_errors.not_implemented()

    return run
