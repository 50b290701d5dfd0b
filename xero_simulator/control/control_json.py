"""How a control call is read and answered."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from xero_simulator import commands
from xero_simulator.faults import faults
from xero_simulator.ledger import records

Given = dict[str, Any]
Handler = Callable[[web.Request, Given], Awaitable[Any]]


def serve(app: web.Application, method: str, path: str, handler: Handler) -> None:
    """Serve a handler that takes the JSON body and returns plain values.

    What makes no sense or would be refused by Xero is answered 400 with the reason.
    """

    async def answer(request: web.Request) -> web.Response:
        try:
            return _json(await handler(request, await _given(request)))
        except (commands.BadValues, faults.BadFault, records.NotAllowed) as refused:
            return _json({"error": str(refused)}, status=400)

    app.router.add_route(method, path, answer)


async def _given(request: web.Request) -> Given:
    body = await request.read()
    if not body:
        return {}
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise commands.BadValues("The body is no JSON.") from None
    if not isinstance(given, dict):
        raise commands.BadValues("The body is no JSON object.")
    return given


def _json(content: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json")
