"""`/connections`: what a user has connected to the app, earlier consents too."""

import uuid

from aiohttp import web

from xero_simulator import gateway_errors, simulations
from xero_simulator.identity import tokens
from xero_simulator.identity_api import identity_middleware


def add_routes(app: web.Application) -> None:
    """Serve `/connections` in either letter case.

    Xero's specification and its Python client write a capital C, its JavaScript client does not.
    """
    identity_middleware.watch(app)
    for path in ("/connections", "/Connections"):
        app.router.add_get(path, list_connections)
        app.router.add_delete(path + "/{connection_id}", delete_connection)


async def list_connections(request: web.Request) -> web.Response:
    """List what the bearer's user has connected."""
    simulation = simulations.of(request)
    bearer = _check_bearer(request)
    if isinstance(bearer, web.Response):
        return bearer
    connections = simulation.connections.of_user(
        user_id=bearer.user_id,
        client_id=bearer.client_id,
        auth_event_id=request.query.get("authEventId"),
    )
    return web.json_response([connection.as_json() for connection in connections])


async def delete_connection(request: web.Request) -> web.Response:
    """Disconnect one tenant; the id is the connection's, not the tenant's."""
    bearer = _check_bearer(request)
    if isinstance(bearer, web.Response):
        return bearer
    is_removed = simulations.of(request).connections.remove(
        connection_id=request.match_info["connection_id"],
        user_id=bearer.user_id,
        client_id=bearer.client_id,
    )
    return web.Response(status=204) if is_removed else gateway_errors.not_found()


def _check_bearer(request: web.Request) -> tokens.AccessToken | web.Response:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    correlation_id = str(uuid.uuid4())
    try:
        return simulations.of(request).tokens.check(text if scheme.lower() == "bearer" else "")
    except tokens.Expired as expired:
        return gateway_errors.expired(expired.expired_at, correlation_id)
    except tokens.Invalid:
        return gateway_errors.unauthorised("AuthenticationUnsuccessful", correlation_id)
