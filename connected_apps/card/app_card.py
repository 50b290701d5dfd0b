"""What every app's card may show of its connection, whatever the app."""

from datetime import datetime
from typing import Any

from connected_apps import queries, registry
from connected_apps.card import wording
from connected_apps.models import Connection, State
from connected_apps.states import states
from lrm import access, permissions


def standing_of(
    app: registry.ConnectedApp, request: access.SignedInRequest, now: datetime
) -> registry.Standing:
    """Return how an app stands: as it says itself, else by the state of its connection."""
    if app.standing is not None:
        return app.standing(request, now)
    return _standing_by_state(app, queries.connection_of(request.portal, app=app.name), now)


def context_of(name: str, request: access.SignedInRequest, *, now: datetime) -> dict[str, Any]:
    """Return what `connected_apps/app_card.html` needs, for the card of an app to add its own to.

    `app`, `connection` (None before the first attempt), `standing`, `is_live`, `is_broken`,
    `reason` (a sentence, where the state needs a person), `may_act` and `people_who_may`.

    :param name: the app's, as it is registered.
    :raises LookupError: no app is registered by that name.
    """
    app = registry.find(name)
    if app is None:
        raise LookupError(f"No connected app is called {name!r}: it registers itself in ready().")
    connection = queries.connection_of(request.portal, app=name)
    shown = states.shown(connection, now=now) if connection else None
    state = shown.state if shown else State.NOT_CONNECTED
    may_act = permissions.may_manage_connected_apps(request.user)
    return {
        "app": app,
        "connection": connection,
        "standing": standing_of(app, request, now),
        "is_live": state in states.LIVE,
        "is_broken": state in states.BROKEN,
        "reason": shown.reason if shown and state in states.BROKEN else "",
        "may_act": may_act,
        "people_who_may": []
        if may_act
        else access.people_with(permissions.may_manage_connected_apps, portal=request.portal),
    }


def _standing_by_state(
    app: registry.ConnectedApp, connection: Connection | None, now: datetime
) -> registry.Standing:
    state = states.shown(connection, now=now).state if connection else State.NOT_CONNECTED
    words = wording.of_state(state)
    return registry.Standing(words.look, app.in_words(words.word))
