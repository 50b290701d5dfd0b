"""The control calls of the webhook subscription."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from xero_simulator import commands, simulations
from xero_simulator.control.control_json import Given, serve
from xero_simulator.webhooks import webhook_payload
from xero_simulator.webhooks.webhook_sender import Sender
from xero_simulator.webhooks.webhook_service import SENDER_KEY

_MOST_SECONDS = 10**7


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _yes(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _seconds(value: Any) -> float:
    return _between(value, _MOST_SECONDS)


def _chance(value: Any) -> float:
    return _between(value, 1)


def _between(value: Any, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError
    return float(value)


_KNOBS: dict[str, Callable[[Any], Any]] = {
    "lose_next": _count,
    "double": _yes,
    "shuffle": _yes,
    "delay_seconds": _seconds,
    **dict.fromkeys(("lose_chance", "delay_chance", "double_chance", "shuffle_chance"), _chance),
}


def add_routes(app: web.Application) -> None:
    """Serve the calls."""
    serve(app, "GET", "/simulator/webhooks", show)
    serve(app, "POST", "/simulator/webhooks", change)
    serve(app, "POST", "/simulator/webhooks/intent", check_intent)
    serve(app, "POST", "/simulator/webhooks/flush", flush)
    serve(app, "POST", "/simulator/webhooks/events", make_up_event)


async def show(request: web.Request, given: Given) -> dict[str, Any]:
    """Show the subscription, its counts and the latest deliveries, newest first."""
    return request.app[SENDER_KEY].state()


async def change(request: web.Request, given: Given) -> dict[str, Any]:
    """Change address, key or state, opt into `categories` and no others, or turn the knobs.

    Another address waits for the intent-to-receive check; `enabled` true goes without it.
    """
    sender = request.app[SENDER_KEY]
    if unknown := set(given) - set(_KNOBS) - {"url", "key", "enabled", "categories"}:
        raise commands.BadValues(f"A subscription has no {', '.join(sorted(unknown))}.")
    for name in _KNOBS:
        if name in given:
            setattr(sender.knobs, name, _read_knob(name, given[name]))
    if "categories" in given:
        sender.categories = _read_categories(given["categories"])
    if "url" in given:
        sender.subscribe(str(given["url"]), str(given.get("key", "")))
    elif "key" in given:
        sender.set_key(str(given["key"]))
    if "enabled" in given:
        _switch(sender, on=bool(given["enabled"]))
    return sender.state()


async def check_intent(request: web.Request, given: Given) -> dict[str, Any]:
    """Run the intent-to-receive check now and answer with its verdict."""
    sender = request.app[SENDER_KEY]
    if not sender.url:
        raise commands.BadValues("There is no address to check.")
    return (await sender.check_intent()).as_json()


async def flush(request: web.Request, given: Given) -> dict[str, int]:
    """Send what is pending now."""
    return await request.app[SENDER_KEY].flush()


async def make_up_event(request: web.Request, given: Given) -> dict[str, Any]:
    """Queue an event of a given `eventCategory`, with whatever else is given, and answer it."""
    commands.need(given, "eventCategory")
    simulation = simulations.of(request)
    content = webhook_payload.made_up_content(
        {"tenantId": commands.organisation_of(simulation, None).tenant_id, **given},
        at=simulation.clock.now(),
        public_url=simulation.options.public_url,
    )
    request.app[SENDER_KEY].queue(content)
    return content


def _read_categories(given: Any) -> set[str]:
    known = set(webhook_payload.COLLECTION_OF_CATEGORY)
    if not isinstance(given, list) or not set(given) <= known:
        raise commands.BadValues(
            f"The categories are a list of some of {', '.join(sorted(known))}."
        )
    return set(given)


def _read_knob(name: str, value: Any) -> Any:
    try:
        return _KNOBS[name](value)
    except (TypeError, ValueError):
        raise commands.BadValues(f"The value {name} makes no sense.") from None


def _switch(sender: Sender, *, on: bool) -> None:
    if not on:
        sender.disable()
    elif sender.url:
        sender.enable()
    else:
        raise commands.BadValues("There is no address to send to.")
