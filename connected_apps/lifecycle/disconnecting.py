"""Disconnecting: at once here, and in Xero as soon as Xero answers.

The state, the generation and the removal that is due in Xero are committed together, so that
queued work stops whether or not Xero can be reached.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from connected_apps import queries
from connected_apps.lifecycle import removals
from connected_apps.models import Connection, PendingRemoval, State
from connected_apps.states import states
from lrm.models import Portal, User

_CAN_BE_ENDED = (*states.LIVE, State.NEEDS_RECONNECTING)


@dataclass(frozen=True)
class Outcome:
    """What became of a wish to disconnect.

    :param organisation_name: empty where there was nothing to disconnect.
    :param done_in_xero: False while Xero still has to be told.
    """

    organisation_name: str
    done_in_xero: bool


def can_disconnect(connection: Connection) -> bool:
    """Return whether there is something to disconnect."""
    return _underlying(connection) in _CAN_BE_ENDED


def disconnect(
    *, portal: Portal, by: User, now: datetime, generation: int | None = None
) -> Outcome:
    """Disconnect the portal from Xero; a second call does nothing.

    :param generation: what the person confirmed; where the connection was made anew since, it is
        left alone.
    """
    removal: PendingRemoval | None = None
    with transaction.atomic():
        found = queries.connection_of(portal)
        if found is None:
            return Outcome("", done_in_xero=True)
        connection = Connection.objects.select_for_update().get(pk=found.pk)
        is_stale = generation is not None and generation != connection.generation
        if is_stale or not can_disconnect(connection):
            return Outcome("", done_in_xero=True)
        name = connection.organisation.name if connection.organisation else "Xero"
        correlation_id = uuid.uuid4()
        if connection.grant is not None and connection.xero_connection_id is not None:
            removal = removals.schedule_removal(
                connection.grant,
                connection_id=connection.xero_connection_id,
                name=name,
                now=now,
                correlation_id=correlation_id,
                is_leased=True,
            )
        _end(connection, by=by, name=name, now=now, correlation_id=correlation_id)
    done = removal is None or removals.finish_leased(removal=removal, now=now)
    return Outcome(name, done_in_xero=done)


def _end(
    connection: Connection, *, by: User, name: str, now: datetime, correlation_id: uuid.UUID
) -> None:
    if connection.state == State.CONNECTING:
        states.apply(
            connection_id=connection.pk,
            trigger=states.Trigger.CONNECT_ABANDONED,
            by=by,
            why="Disconnected instead.",
            now=now,
            correlation_id=correlation_id,
        )
    states.apply(
        connection_id=connection.pk,
        trigger=states.Trigger.DISCONNECTED,
        by=by,
        why=f"{by} disconnected {name}.",
        now=now,
        correlation_id=correlation_id,
        grant=None,
        xero_connection_id=None,
    )


def _underlying(connection: Connection) -> str:
    return connection.state_before if connection.state == State.CONNECTING else connection.state
