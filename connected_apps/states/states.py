"""Moving a connection from state to state: one function, under the row's lock, always audited.

`states.transitions` says what is possible. Whoever reads a state for people asks `shown`,
because CONNECTING lapses by itself: a person who went to Xero and never came back must not leave
a page that says "connecting" for ever.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.urls import reverse

from connected_apps import audit, errors, signals
from connected_apps.models import Connection, State
from connected_apps.states import admin_notices, transitions
from connected_apps.states.transitions import Trigger
from lrm.hooks import event_types, outbox
from lrm.models import Portal, User

__all__ = ["Shown", "Trigger", "apply", "connection_for", "shown"]

CONNECTING_LAPSES_AFTER = timedelta(minutes=15)

LIVE = (State.CONNECTED, State.CONNECTED_WITH_PROBLEMS, State.PAUSED)
BROKEN = (State.NEEDS_RECONNECTING, State.DISCONNECTED_IN_XERO)

# Queued work of before must drop itself after these.
_NEW_GENERATION = {Trigger.CONNECTED, Trigger.DISCONNECTED, Trigger.GONE_IN_XERO}
_ENDS = {Trigger.DISCONNECTED, Trigger.GONE_IN_XERO}
# Acts of a person, whatever they change.
_ALWAYS_AUDITED = {Trigger.CONNECT_STARTED, Trigger.CONNECT_ABANDONED, Trigger.CONNECTED}
_PROBLEMS = {
    Trigger.GONE_IN_XERO,
    Trigger.GRANT_DEAD,
    Trigger.SCOPE_MISSING,
    Trigger.PROBLEMS_FOUND,
}


@dataclass(frozen=True)
class Shown:
    """The state as it reads now, and why."""

    state: State
    reason: str


def shown(connection: Connection, *, now: datetime) -> Shown:
    """Return the state people see: an attempt to connect older than 15 minutes is over."""
    lapsed = now - connection.state_since > CONNECTING_LAPSES_AFTER
    if connection.state == State.CONNECTING and lapsed:
        before = State(connection.state_before or State.NOT_CONNECTED)
        return Shown(before, connection.reason_before)
    return Shown(State(connection.state), connection.reason)


def connection_for(*, portal: Portal, app: str, now: datetime) -> Connection:
    """Return the portal's connection row of an app, made (not connected) where there is none."""
    connection, _created = Connection.objects.get_or_create(
        portal=portal, app=app, defaults={"state": State.NOT_CONNECTED, "state_since": now}
    )
    return connection


def apply(
    *,
    connection_id: int,
    trigger: Trigger,
    by: User | None,
    why: str,
    now: datetime,
    correlation_id: uuid.UUID | None = None,
    generation: int | None = None,
    paused_until: datetime | None = None,
    count: int | None = None,
    **changes: Any,
) -> Connection:
    """Let something happen to a connection and return it as it is then.

    :param why: one sentence for people; it becomes the reason shown beside the new state.
    :param generation: the caller's; where it is not the connection's any more nothing happens.
    :param paused_until: for `DAY_LIMIT_REACHED`, when calls are possible again.
    :param count: for `PROBLEMS_FOUND`, how many problems there are now.
    :param changes: other fields of the connection to save with the move.
    :raises errors.StaleGeneration: the connection has moved on; drop the work.
    :raises errors.ImpossibleTransition: the trigger cannot happen in this state.
    """
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(pk=connection_id)
        if generation is not None and generation != connection.generation:
            raise errors.StaleGeneration(f"generation {generation} is over")
        before = State(connection.state)
        for name, value in changes.items():
            setattr(connection, name, value)
        _count(connection, trigger, paused_until=paused_until, count=count)
        after = transitions.target(
            state=before,
            trigger=trigger,
            state_before=connection.state_before,
            problem_count=connection.problem_count,
        )
        _move(connection, trigger, after, why=why, now=now)
        connection.save()
        if before != after or trigger in _ALWAYS_AUDITED:
            audit.record(
                portal=connection.portal,
                app=connection.app,
                action=trigger.value,
                by=by,
                now=now,
                detail=why,
                from_state=before,
                to_state=after,
                organisation_name=connection.organisation.name if connection.organisation else "",
                is_problem=trigger in _PROBLEMS,
                correlation_id=correlation_id,
            )
        _notify(connection, trigger, changed=before != after, now=now)
    return connection


def _count(
    connection: Connection, trigger: Trigger, *, paused_until: datetime | None, count: int | None
) -> None:
    if trigger == Trigger.DAY_LIMIT_REACHED:
        connection.paused_until = paused_until
    if trigger == Trigger.PROBLEMS_FOUND:
        connection.problem_count = 1 if count is None else count
    if trigger in {Trigger.PROBLEMS_CLEARED, Trigger.CONNECTED, Trigger.DISCONNECTED}:
        connection.problem_count = 0


def _move(
    connection: Connection, trigger: Trigger, after: State, *, why: str, now: datetime
) -> None:
    before = State(connection.state)
    if after == State.CONNECTING:
        if before != State.CONNECTING:
            connection.state_before, connection.reason_before = before, connection.reason
        connection.state_since = now  # A second attempt starts the waiting time anew.
    elif before == State.CONNECTING and trigger == Trigger.CONNECT_ABANDONED:
        why = connection.reason_before
    if after != before:
        connection.state, connection.state_since = after, now
        connection.reason = why[:300]
    if after != State.CONNECTING:
        connection.state_before = connection.reason_before = ""
    if after != State.PAUSED:
        connection.paused_until = None
    if trigger in _NEW_GENERATION:
        connection.generation += 1


def _notify(connection: Connection, trigger: Trigger, *, changed: bool, now: datetime) -> None:
    if changed and connection.state in BROKEN:
        admin_notices.notify_broken(connection)
        outbox.note(
            portal_id=connection.portal_id,
            type=event_types.CONNECTION_BROKE,
            things=[outbox.Thing(connection.pk, connection.app, reverse("api_connection"))],
            now=now,
        )
    if trigger in _ENDS:
        transaction.on_commit(partial(signals.send_disconnected, connection=connection))
