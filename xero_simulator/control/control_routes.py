"""The control calls under `/simulator/`: what tests, demo and benchmarks do behind Xero's back.

All JSON, no sign-in: the simulator listens on this machine only. A call that makes no sense is
answered 400 with `{"error": …}`.
"""

import dataclasses
import uuid
from typing import Any

from aiohttp import web

from xero_simulator import commands, simulations
from xero_simulator.accounting_api import mid_walk_changes
from xero_simulator.control import book_rows, control_webhooks
from xero_simulator.control.control_json import Given, serve
from xero_simulator.identity import forgeries
from xero_simulator.identity.connection_registry import PRACTICE, Tenant
from xero_simulator.ledger.organisation import Organisation
from xero_simulator.simulations import Simulation, XeroUser

_MOST_SECONDS = 10 * 366 * 86_400


def add_routes(app: web.Application) -> None:
    """Serve the control calls."""
    for method, path, handler in (
        ("GET", "/books", show_books),
        ("GET", "/organisations", list_organisations),
        ("POST", "/organisations/{tenant}", change_organisation),
        ("GET", "/users", list_users),
        ("POST", "/users", change_user),
        ("POST", "/documents", change_document),
        ("POST", "/contacts", change_contact),
        ("POST", "/touch", touch),
        ("POST", "/habits", change_habits),
        ("GET", "/faults", show_faults),
        ("POST", "/faults", add_fault),
        ("POST", "/drift", start_mid_walk_changes),
        ("DELETE", "/faults", clear_faults),
        ("GET", "/calls", list_calls),
        ("DELETE", "/calls", clear_calls),
        ("GET", "/clock", show_clock),
        ("POST", "/clock", advance_clock),
        ("GET", "/tokens", show_tokens),
        ("POST", "/keys", change_key),
        ("GET", "/connections", list_connections),
        ("POST", "/disconnect", disconnect),
        ("POST", "/replay", replay),
        ("POST", "/reset", reset),
    ):
        serve(app, method, f"/simulator{path}", handler)
    control_webhooks.add_routes(app)


async def show_books(request: web.Request, given: Given) -> dict[str, Any]:
    """Show an organisation's documents and contacts, all of them."""
    return book_rows.all_rows(_organisation(request, request.query).books)


async def list_organisations(request: web.Request, given: Given) -> list[dict[str, Any]]:
    """List the organisations."""
    return [_organisation_row(each) for each in simulations.of(request).organisations.values()]


async def change_organisation(request: web.Request, given: Given) -> dict[str, Any]:
    """Take an organisation offline or bring it back; or let a Demo Company begin anew."""
    simulation = simulations.of(request)
    organisation = commands.organisation_of(simulation, request.match_info["tenant"])
    if given.get("begins_anew"):
        simulation.begin_demo_anew(organisation)
        return _organisation_row(organisation)
    status = commands.need(given, "status")
    if status not in ("online", "offline"):
        raise commands.BadValues("An organisation is online or offline.")
    organisation.status = status
    return _organisation_row(organisation)


async def list_users(request: web.Request, given: Given) -> list[dict[str, Any]]:
    """List the people with a login."""
    simulation = simulations.of(request)
    return [_user_row(simulation, user) for user in simulation.users.values()]


async def change_user(request: web.Request, given: Given) -> dict[str, Any]:
    """Give a user a practice, which their consents then connect too, or take it away.

    With `tenant_type` it is a tenant of another kind, such as APPLICATION.
    """
    simulation = simulations.of(request)
    user = _user(simulation, commands.need(given, "user"))
    practice = None
    if given.get("practice"):
        practice_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"practice/{user.user_id}"))
        kind = str(given.get("tenant_type") or PRACTICE)
        practice = Tenant(practice_id, f"{user.family_name} Bookkeeping", kind)
    simulation.connections.set_practice(user_id=user.user_id, practice=practice)
    return _user_row(simulation, user)


async def change_document(request: web.Request, given: Given) -> dict[str, str]:
    """Do something to a document."""
    operation = commands.need(given, "act")
    organisation = _organisation(request, given)
    return commands.change_document(simulations.of(request), organisation, operation, given)


async def change_contact(request: web.Request, given: Given) -> dict[str, str]:
    """Do something to a contact."""
    operation = commands.need(given, "act")
    return commands.change_contact(_organisation(request, given), operation, given)


async def touch(request: web.Request, given: Given) -> dict[str, list[str]]:
    """Bump many documents at once, for a storm of webhooks."""
    count, seed = _whole(given, "count"), _whole(given, "seed", default=0)
    organisation = _organisation(request, given)
    return {"ids": commands.touch_many(organisation, count=count, seed=seed)}


async def change_habits(request: web.Request, given: Given) -> dict[str, Any]:
    """Let this Xero behave otherwise, until it is reset."""
    habits = simulations.of(request).habits
    for name, value in given.items():
        if type(getattr(habits, name, None)) is not type(value):
            raise commands.BadValues(f"There is no habit {name} of that kind.")
    if given.get("id_token", "") not in ("", *forgeries.NAMES):
        raise commands.BadValues("There is no id token of that kind.")
    for name, value in given.items():
        setattr(habits, name, value)
    return dataclasses.asdict(habits)


async def show_faults(request: web.Request, given: Given) -> dict[str, list[str]]:
    """Show the ids of the elements that were served corrupted since the last reset."""
    return {"spoiled": sorted(set(simulations.of(request).faults.corrupted_ids))}


async def add_fault(request: web.Request, given: Given) -> dict[str, int]:
    """Script a fault."""
    return {"id": simulations.of(request).faults.add(given)}


async def start_mid_walk_changes(request: web.Request, given: Given) -> dict[str, int]:
    """Let a document change at every n-th page (0: at none), by some of `acts`."""
    every, operations = _whole(given, "every"), given.get("acts", mid_walk_changes.OPERATIONS)
    if not isinstance(operations, list | tuple) or not all(
        isinstance(operation, str) for operation in operations
    ):
        raise commands.BadValues("The value acts is no list of names.")
    changes = request.app[mid_walk_changes.MID_WALK_CHANGES_KEY]
    changed = changes.changed
    changes.start(every=every, operations=operations)
    return {"changed": changed}


async def clear_faults(request: web.Request, given: Given) -> dict[str, str]:
    """Forget all faults."""
    simulations.of(request).faults.clear()
    return {"status": "cleared"}


async def list_calls(request: web.Request, given: Given) -> list[dict[str, Any]]:
    """List the calls made so far, or those numbered above `since`."""
    since = _whole(dict(request.query), "since", default=0)
    return [call.as_json() for call in simulations.of(request).calls.since(since)]


async def clear_calls(request: web.Request, given: Given) -> dict[str, str]:
    """Forget the calls."""
    simulations.of(request).calls.clear()
    return {"status": "cleared"}


async def show_clock(request: web.Request, given: Given) -> dict[str, Any]:
    """Show the simulated time, and how many calls are held until some of it has passed."""
    clock = simulations.of(request).clock
    return {"now": clock.now().isoformat(), "speed": clock.speed, "sleepers": clock.sleepers}


async def advance_clock(request: web.Request, given: Given) -> dict[str, Any]:
    """Jump forward."""
    seconds = commands.money(given, "advance_seconds")
    if seconds is None or not 0 <= seconds <= _MOST_SECONDS:
        raise commands.BadValues("The clock goes forward by advance_seconds, ten years at most.")
    simulations.of(request).clock.advance(float(seconds))
    return await show_clock(request, given)


async def show_tokens(request: web.Request, given: Given) -> dict[str, Any]:
    """Show the grants and how often each was refreshed; never a token."""
    return {"grants": simulations.of(request).tokens.stats()}


async def change_key(request: web.Request, given: Given) -> dict[str, Any]:
    """Let the identity service sign with a new key, as it may at any time."""
    simulations.of(request).tokens.change_key()
    return simulations.of(request).tokens.key_set()


async def list_connections(request: web.Request, given: Given) -> list[dict[str, Any]]:
    """List every user's active connections."""
    return simulations.of(request).connections.all_active()


async def disconnect(request: web.Request, given: Given) -> dict[str, int]:
    """Remove the app inside Xero: its tokens go on refreshing, its calls are refused."""
    simulation = simulations.of(request)
    user_id = _user(simulation, str(given["user"])).user_id if given.get("user") else None
    organisation = _organisation(request, given)
    ended = simulation.connections.remove_tenant(tenant_id=organisation.tenant_id, user_id=user_id)
    return {"disconnected": ended}


async def replay(request: web.Request, given: Given) -> dict[str, str]:
    """Serve raw elements, as they stand, in place of an organisation's books."""
    organisation = _organisation(request, given)
    documents, contacts = given.get("documents") or {}, given.get("contacts") or []
    lists = [contacts, *documents.values()] if isinstance(documents, dict) else [None]
    if not all(isinstance(one, list) for one in lists):
        raise commands.BadValues("Documents are lists of elements by kind, contacts a list.")
    organisation.books.replay(documents, contacts)
    return {"status": "replaying"}


async def reset(request: web.Request, given: Given) -> dict[str, str]:
    """Go back to the seeded start."""
    simulations.of(request).reset()
    return {"status": "reset"}


def _organisation(request: web.Request, values: commands.Values) -> Organisation:
    return commands.organisation_of(simulations.of(request), values.get("tenant"))


def _user(simulation: Simulation, name: str) -> XeroUser:
    for user in simulation.users.values():
        if name.lower() in (user.user_id, user.email):
            return user
    raise commands.BadValues(f"There is no user {name}.")


def _whole(values: commands.Values, name: str, default: int | None = None) -> int:
    if default is not None and values.get(name) in (None, ""):
        return default
    try:
        return int(commands.need(values, name))
    except ValueError:
        raise commands.BadValues(f"The value {name} is no whole number.") from None


def _organisation_row(organisation: Organisation) -> dict[str, Any]:
    return {
        "tenant_id": organisation.tenant_id,
        "name": organisation.name,
        "short_code": organisation.short_code,
        "timezone": organisation.timezone,
        "country": organisation.country,
        "base_currency": organisation.base_currency,
        "status": organisation.status,
        "tenant_type": organisation.tenant_type,
        "documents": sum(1 for _ in organisation.books.documents()),
        "contacts": len(organisation.books.contacts.ordered),
    }


def _user_row(simulation: Simulation, user: XeroUser) -> dict[str, Any]:
    return {
        "user_id": user.user_id,
        "email": user.email,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "tenant_ids": list(user.tenant_ids),
        "practice": simulation.connections.practice_of(user.user_id) is not None,
    }
