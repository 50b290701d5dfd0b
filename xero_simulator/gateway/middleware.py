"""The one middleware before every address of Xero's: faults, correlation id, call log.

The fault of a call is taken first. It may cut the connection or answer in Xero's place, and then
no service hears of the call. Otherwise a service runs the call, and asks the `Call` for what the
fault does on the way: a delay, an internal error. A call that is late has been served when it
waits, so it holds no slot of a limit; a call that is delayed does. At the end every answer has a
correlation id, and every call is in the log.
"""

import dataclasses
import uuid
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.faults import faults
from xero_simulator.gateway import fault_answers, gateway_errors, request_record

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]
_CORRELATION_ID = "correlation_id"


class Refused(Exception):
    """The call is refused before it has done anything; `answer` says why."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(f"refused with {answer.status}")
        self.answer = answer


@dataclasses.dataclass(frozen=True)
class Call:
    """A request on its way: the route that answers it, and what goes wrong."""

    request: web.Request
    route: Route
    fault: faults.Answer
    correlation_id: str

    async def delay(self) -> None:
        """Wait as long as the fault delays the call."""
        await simulations.of(self.request).clock.sleep(self.fault.delay_seconds)

    async def perform(self, route: Route) -> web.Response:
        """Return what the route answers, or what the fault answers in its place.

        An address that nothing serves is answered by the HTML page that Xero has for it.
        """
        if self.fault.replaces and self.fault.holds is None:
            return fault_answers.scripted(self.fault, self.correlation_id)
        try:
            answer = await route(self.request)
        except web.HTTPNotFound:
            return gateway_errors.not_found()
        if not isinstance(answer, web.Response):
            raise TypeError("Xero's addresses answer in one piece")
        if self.fault.replaces and fault_answers.holds(answer, self.fault.holds):
            return fault_answers.scripted(self.fault, self.correlation_id)
        return answer


Service = Callable[[Call], Awaitable[web.Response]]


class Address(NamedTuple):
    """The paths below a prefix, in small letters: the host that has them and their service."""

    prefix: str
    host: str
    service: Service


ADDRESSES_KEY: web.AppKey[list[Address]] = web.AppKey("addresses")
RECORD_KEY: web.AppKey[request_record.RequestRecord] = web.AppKey("record")


def install(app: web.Application) -> None:
    """Put the gateway before the routes of an app; parts add their addresses to it."""
    app[ADDRESSES_KEY] = []
    if path := app[simulations.SIMULATION_KEY].options.record:
        app[RECORD_KEY] = request_record.RequestRecord(path)
    app.middlewares.append(_pass_gateway)


async def serve_plainly(call: Call) -> web.Response:
    """Run a call of a service that has no organisations and no limits."""
    await call.delay()
    return fault_answers.corrupt(await call.perform(call.route), call.fault)


def add_address(
    app: web.Application, prefix: str, *, host: str, service: Service = serve_plainly
) -> None:
    """Let every call below a prefix pass the gateway.

    :param host: the one of Xero's hosts that has the address, `api` or `identity`.
    """
    app[ADDRESSES_KEY].append(Address(prefix.lower(), host, service))


def correlation_id_of(request: web.Request) -> str:
    """Return the id that the answer to this request will carry."""
    return str(request[_CORRELATION_ID])


@web.middleware
async def _pass_gateway(request: web.Request, handler: Route) -> web.StreamResponse:
    address = _address_of(request)
    if address is None:
        return await handler(request)
    simulation = simulations.of(request)
    request[_CORRELATION_ID] = str(uuid.uuid4())
    fault = await _take_fault(request, address.host)
    call = Call(request, handler, fault, correlation_id_of(request))
    answer = await _answer(call, address.service)
    await simulation.clock.sleep(fault.late_seconds)
    if fault.cut:
        answer = _cut(request)
    answer.headers.setdefault("Xero-Correlation-Id", call.correlation_id)
    simulation.calls.add(
        at=simulation.clock.now(),
        method=request.method,
        path=request.path,
        query=request.query_string,
        tenant=request.headers.get("xero-tenant-id", ""),
        status=0 if fault.cut else answer.status,
        size=len(answer.body) if isinstance(answer.body, bytes) else 0,
    )
    return answer


def _address_of(request: web.Request) -> Address | None:
    path = request.path.lower()
    return next((one for one in request.app[ADDRESSES_KEY] if path.startswith(one.prefix)), None)


async def _take_fault(request: web.Request, host: str) -> faults.Answer:
    scripted = simulations.of(request).faults
    fault = scripted.take(
        host=host,
        path=request.path,
        query=request.query_string,
        method=request.method,
        tenant=request.headers.get("xero-tenant-id", ""),
        sent=(await request.read()).decode(errors="replace") if scripted.look_into_bodies else "",
    )
    return fault or faults.Answer()


async def _answer(call: Call, service: Service) -> web.Response:
    try:
        if RECORD_KEY in call.request.app:
            await call.request.app[RECORD_KEY].note(call.request)
        if call.fault.cut == "before" or call.fault.replaces_at_gateway:
            await call.delay()
            return fault_answers.scripted(call.fault, call.correlation_id)
        return await service(call)
    except Refused as refused:
        return refused.answer
    except web.HTTPException as refused:
        # What aiohttp itself refuses, such as another method or too long a body.
        return web.Response(status=refused.status, body=refused.body, headers=refused.headers)


def _cut(request: web.Request) -> web.Response:
    """Drop the connection: not even what is buffered leaves, as when a line breaks."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
