"""The subscription of an app: made with it, and at work while it runs."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from xero_simulator import simulations
from xero_simulator.webhooks import subscription
from xero_simulator.webhooks.webhook_sender import Sender

SENDER_KEY: web.AppKey[Sender] = web.AppKey("sender", Sender)


def add_to(app: web.Application) -> None:
    """Make the subscription of an app and run it while the app runs."""
    simulation = app[simulations.SIMULATION_KEY]
    sender = app[SENDER_KEY] = Sender(simulation)
    simulation.listeners.append(sender.queue_change)
    simulation.on_reset.append(sender.reset)
    simulation.snapshot_parts["webhooks"] = simulations.SnapshotPart(
        subscription.SubscriptionSnapshot, sender.snapshot, sender.restore
    )
    app.cleanup_ctx.append(_background)


async def _background(app: web.Application) -> AsyncIterator[None]:
    sender = app[SENDER_KEY]
    work = [asyncio.create_task(sender.run()), asyncio.create_task(sender.check_at_start())]
    yield
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    await sender.close()
