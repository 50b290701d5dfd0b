"""The simulator as a server: one process, one event loop, everything in memory."""

import asyncio
import gc
import signal
import socket
from pathlib import Path

from aiohttp import web

from xero_simulator import hand_pages, persistence, simulations
from xero_simulator.accounting_api import accounting_routes
from xero_simulator.control import control_routes
from xero_simulator.gateway import middleware
from xero_simulator.identity_api import connections, identity_routes
from xero_simulator.seeding import seed
from xero_simulator.webhooks import webhook_service

# Xero takes requests of up to 10 MB.
MAX_REQUEST = 10 * 1024 * 1024


def build_app(simulation: simulations.Simulation) -> web.Application:
    """Put all parts of the pretend Xero together."""
    app = web.Application(client_max_size=MAX_REQUEST)
    app[simulations.SIMULATION_KEY] = simulation
    middleware.install(app)
    accounting_routes.add_routes(app)
    identity_routes.add_routes(app)
    connections.add_routes(app)
    webhook_service.add_to(app)
    hand_pages.add_routes(app)
    control_routes.add_routes(app)
    return app


def bind(options: simulations.Options) -> socket.socket:
    """Bind the port first: a free one must be known before any address is made from it."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((options.host, options.port))
    return listener


def run(options: simulations.Options) -> None:
    """Serve until SIGINT or SIGTERM."""
    listener = bind(options)
    options.port = listener.getsockname()[1]
    options.public_url = (options.public_url or f"http://localhost:{options.port}").rstrip("/")
    gc.disable()
    simulation = seed.build_simulation(options)
    app = build_app(simulation)
    if options.state:
        _restore(simulation, options.state)
    # The seeded books live as long as the process: looking through them again and again costs
    # hundreds of milliseconds in the middle of an answer.
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 20, 50)
    asyncio.run(_serve(app, listener, options.port))


def _restore(simulation: simulations.Simulation, state: Path) -> None:
    try:
        persistence.restore(simulation, state)
    except OSError as error:
        # As it stands it would be written over at the end.
        raise SystemExit(f"xero_simulator cannot read {state}: {error.strerror}") from error


async def _serve(app: web.Application, listener: socket.socket, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listener, backlog=1024).start()
        print(f"xero_simulator ready at http://localhost:{port}", flush=True)  # noqa: T201
        await stop.wait()
    finally:
        await runner.cleanup()
    simulation = app[simulations.SIMULATION_KEY]
    if simulation.options.state:
        persistence.save(simulation, simulation.options.state)
