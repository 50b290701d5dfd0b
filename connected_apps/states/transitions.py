"""The one table of what a connection can become, and nothing else.

Three targets are not states of their own: `BEFORE` is what stood before a person went to Xero,
`HEALTHY` is connected, with problems where any are counted, and `SAME` keeps the state (the trigger
is bookkeeping there, such as a second report of the same limit). What the table does not hold
cannot happen.
"""

from django.db.models import TextChoices

from connected_apps import errors
from connected_apps.models import State


class Trigger(TextChoices):
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

_LIVE: dict[Trigger, str] = {
    # Going to Xero again changes nothing until it is done: what works goes on working.
    Trigger.CONNECT_STARTED: SAME,
    Trigger.CONNECT_ABANDONED: SAME,
    Trigger.CONNECTED: State.CONNECTED,
    Trigger.DISCONNECTED: State.DISCONNECTED_HERE,
    Trigger.GONE_IN_XERO: State.DISCONNECTED_IN_XERO,
    Trigger.GRANT_DEAD: State.NEEDS_RECONNECTING,
    Trigger.SCOPE_MISSING: State.NEEDS_RECONNECTING,
    Trigger.DAY_LIMIT_REACHED: State.PAUSED,
    Trigger.RESUMED: HEALTHY,
    Trigger.PROBLEMS_FOUND: HEALTHY,
    Trigger.PROBLEMS_CLEARED: HEALTHY,
}
_AWAY: dict[Trigger, str] = {
    Trigger.CONNECT_STARTED: State.CONNECTING,
    # The second of two tabs, or a person who comes back after the waiting time.
    Trigger.CONNECT_ABANDONED: SAME,
    Trigger.CONNECTED: State.CONNECTED,
}

TABLE: dict[State, dict[Trigger, str]] = {
    State.NOT_CONNECTED: _AWAY,
    State.CONNECTING: {
        Trigger.CONNECT_STARTED: SAME,
        Trigger.CONNECT_ABANDONED: BEFORE,
        Trigger.CONNECTED: State.CONNECTED,
    },
    State.CONNECTED: _LIVE,
    State.CONNECTED_WITH_PROBLEMS: _LIVE,
    State.PAUSED: _LIVE
    | {
        Trigger.DAY_LIMIT_REACHED: SAME,
        Trigger.PROBLEMS_FOUND: SAME,
        Trigger.PROBLEMS_CLEARED: SAME,
    },
    State.NEEDS_RECONNECTING: _AWAY
    | {
        Trigger.DISCONNECTED: State.DISCONNECTED_HERE,
        Trigger.GONE_IN_XERO: State.DISCONNECTED_IN_XERO,
        Trigger.GRANT_DEAD: SAME,
        Trigger.SCOPE_MISSING: SAME,
        # Work that was under way when the permission ended still counts what it found.
        Trigger.PROBLEMS_FOUND: SAME,
        Trigger.PROBLEMS_CLEARED: SAME,
    },
    State.DISCONNECTED_IN_XERO: _AWAY,
    State.DISCONNECTED_HERE: _AWAY,
}


def target(*, state: str, trigger: Trigger, state_before: str, problem_count: int) -> State:
    """Return the state after a trigger.

    :param state_before: what stood before CONNECTING; used from there only.
    :param problem_count: the problems known once it has happened.
    :raises errors.ImpossibleTransition: where the table holds none.
    """
    marked = TABLE[State(state)].get(trigger)
    if marked is None:
        raise errors.ImpossibleTransition(f"{trigger.name} cannot happen while {state}")
    if marked == SAME:
        return State(state)
    if marked == BEFORE:
        return State(state_before or State.NOT_CONNECTED)
    if marked == HEALTHY:
        return State.CONNECTED_WITH_PROBLEMS if problem_count else State.CONNECTED
    return State(marked)
