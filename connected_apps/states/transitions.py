"""The one table of what a connection can become, and nothing else.

Three targets are not states of their own: `BEFORE` is what stood before a person went to Xero,
`HEALTHY` is connected, with problems where any are counted, and `SAME` keeps the state (the event
is bookkeeping there, such as a second report of the same limit). What the table does not hold
cannot happen.
"""

from django.db.models import TextChoices

from connected_apps import errors
from connected_apps.models import State


class Event(TextChoices):
    """What can happen to a connection."""

    CONNECT_STARTED = "CONNECT_STARTED", "Went to Xero to connect"
    CONNECT_ABANDONED = "CONNECT_ABANDONED", "Came back without connecting"
    CONNECTED = "CONNECTED", "Connected"
    DISCONNECTED = "DISCONNECTED", "Disconnected"
    GONE_IN_XERO = "GONE_IN_XERO", "Found disconnected in Xero"
    GRANT_DEAD = "GRANT_DEAD", "Xero no longer accepts our permission"
    SCOPE_MISSING = "SCOPE_MISSING", "A permission is missing"
    DAY_LIMIT_REACHED = "DAY_LIMIT_REACHED", "Xero's daily limit reached"
    RESUMED = "RESUMED", "Resumed after a limit"
    PROBLEMS_FOUND = "PROBLEMS_FOUND", "Problems found"
    PROBLEMS_CLEARED = "PROBLEMS_CLEARED", "Problems cleared"


BEFORE = "state before"
HEALTHY = "healthy"
SAME = "same state"

_LIVE: dict[Event, str] = {
    # Going to Xero again changes nothing until it is done: what works goes on working.
    Event.CONNECT_STARTED: SAME,
    Event.CONNECT_ABANDONED: SAME,
    Event.CONNECTED: State.CONNECTED,
    Event.DISCONNECTED: State.DISCONNECTED_HERE,
    Event.GONE_IN_XERO: State.DISCONNECTED_IN_XERO,
    Event.GRANT_DEAD: State.NEEDS_RECONNECTING,
    Event.SCOPE_MISSING: State.NEEDS_RECONNECTING,
    Event.DAY_LIMIT_REACHED: State.PAUSED,
    Event.RESUMED: HEALTHY,
    Event.PROBLEMS_FOUND: HEALTHY,
    Event.PROBLEMS_CLEARED: HEALTHY,
}
_AWAY: dict[Event, str] = {
    Event.CONNECT_STARTED: State.CONNECTING,
    # The second of two tabs, or a person who comes back after the waiting time.
    Event.CONNECT_ABANDONED: SAME,
    Event.CONNECTED: State.CONNECTED,
}

TABLE: dict[State, dict[Event, str]] = {
    State.NOT_CONNECTED: _AWAY,
    State.CONNECTING: {
        Event.CONNECT_STARTED: SAME,
        Event.CONNECT_ABANDONED: BEFORE,
        Event.CONNECTED: State.CONNECTED,
    },
    State.CONNECTED: _LIVE,
    State.CONNECTED_WITH_PROBLEMS: _LIVE,
    State.PAUSED: _LIVE
    | {
        Event.DAY_LIMIT_REACHED: SAME,
        Event.PROBLEMS_FOUND: SAME,
        Event.PROBLEMS_CLEARED: SAME,
    },
    State.NEEDS_RECONNECTING: _AWAY
    | {
        Event.DISCONNECTED: State.DISCONNECTED_HERE,
        Event.GONE_IN_XERO: State.DISCONNECTED_IN_XERO,
        Event.GRANT_DEAD: SAME,
        Event.SCOPE_MISSING: SAME,
        # Work that was under way when the permission ended still counts what it found.
        Event.PROBLEMS_FOUND: SAME,
        Event.PROBLEMS_CLEARED: SAME,
    },
    State.DISCONNECTED_IN_XERO: _AWAY,
    State.DISCONNECTED_HERE: _AWAY,
}


def target(*, state: str, event: Event, state_before: str, problem_count: int) -> State:
    """Return the state after an event.

    :param state_before: what stood before CONNECTING; used from there only.
    :param problem_count: the problems known once the event has happened.
    :raises errors.ImpossibleTransition: where the table holds none.
    """
    marked = TABLE[State(state)].get(event)
    if marked is None:
        raise errors.ImpossibleTransition(f"{event.name} cannot happen while {state}")
    if marked == SAME:
        return State(state)
    if marked == BEFORE:
        return State(state_before or State.NOT_CONNECTED)
    if marked == HEALTHY:
        return State.CONNECTED_WITH_PROBLEMS if problem_count else State.CONNECTED
    return State(marked)
