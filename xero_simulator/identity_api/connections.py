"""`/connections`: what a user has connected to the app, earlier consents too."""

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.gateway import any_case, bearer, gateway_errors, middleware


def add_routes(app: web.Application) -> None:
    """Serve `/connections` in any letter case.

    Xero's specification and its Python client write a capital C, its JavaScript client does not.
    """
    middleware.add_address(app, "/connections", host="api")
    path = any_case.any_case("/connections")
    app.router.add_get(path, list_connections)
    app.router.add_delete(path + "/{connection_id}", delete_connection)


async def list_connections(request: web.Request) -> web.Response:
    """List what the bearer's user has connected."""
    token = bearer.check(request)
    connections = simulations.of(request).connections.of_user(
        user_id=token.user_id,
        client_id=token.client_id,
        auth_event_id=request.query.get("authEventId"),
    )
    return web.json_response([connection.as_json() for connection in connections])


async def delete_connection(request: web.Request) -> web.Response:
    """Disconnect one tenant; the id is the connection's, not the tenant's."""
    token = bearer.check(request)
    is_removed = simulations.of(request).connections.remove(
        connection_id=request.match_info["connection_id"],
        user_id=token.user_id,
        client_id=token.client_id,
    )
    return web.Response(status=204) if is_removed else gateway_errors.not_found()
