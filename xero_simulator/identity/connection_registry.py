"""Which user has connected which organisation to the app.

A connection belongs to a user, an app and a tenant. It keeps its id and its day of creation when
the user disconnects and connects again; only the update time moves (the OpenAPI specification of
the identity service).
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xero_simulator import clock

ORGANISATION = "ORGANISATION"
PRACTICE = "PRACTICE"


@dataclass(frozen=True)
class Tenant:
    """What a connection points to."""

    tenant_id: str
    name: str
    kind: str = ORGANISATION


@dataclass
class Connection:
    """One user's connection of one tenant to one app."""

    connection_id: str
    user_id: str
    client_id: str
    tenant: Tenant
    auth_event_id: str
    created_at: datetime
    updated_at: datetime
    active: bool = True

    def as_json(self) -> dict[str, str]:
        """Return the object as `/connections` writes it: camelCase, seven digits, no zone."""
        return {
            "id": self.connection_id,
            "authEventId": self.auth_event_id,
            "tenantId": self.tenant.tenant_id,
            "tenantType": self.tenant.kind,
            "tenantName": self.tenant.name,
            "createdDateUtc": _stamp(self.created_at),
            "updatedDateUtc": _stamp(self.updated_at),
        }


@dataclass(frozen=True)
class ConnectionsSnapshot:
    """What a restart restores of the registry."""

    connections: list[Connection]
    practices: dict[str, Tenant]


class ConnectionRegistry:
    """All connections that ever were, and the practices some users have besides."""

    def __init__(self, time: clock.Clock) -> None:
        self._clock = time
        self.reset()

    def reset(self) -> None:
        """Forget every connection and practice."""
        self._by_owner: dict[tuple[str, str, str], Connection] = {}
        self._practices: dict[str, Tenant] = {}

    def snapshot(self) -> ConnectionsSnapshot:
        """Return what a restart must restore."""
        return ConnectionsSnapshot(list(self._by_owner.values()), self._practices)

    def restore(self, snapshot: ConnectionsSnapshot) -> None:
        """Go on from a snapshot."""
        self._by_owner = {
            (each.user_id, each.client_id, each.tenant.tenant_id): each
            for each in snapshot.connections
        }
        self._practices = snapshot.practices

    def connect(self, *, user_id: str, client_id: str, tenant: Tenant, auth_event_id: str) -> None:
        """Connect a tenant by one consent; again, where it was connected before."""
        now = self._clock.now()
        owner = (user_id, client_id, tenant.tenant_id)
        known = self._by_owner.get(owner)
        if known is None:
            self._by_owner[owner] = Connection(
                str(uuid.uuid4()), user_id, client_id, tenant, auth_event_id, now, now
            )
            return
        known.active = True
        known.auth_event_id = auth_event_id
        known.updated_at = now

    def of_user(
        self, *, user_id: str, client_id: str, auth_event_id: str | None = None
    ) -> list[Connection]:
        """Return the user's active connections, oldest first, of one consent where it is named."""
        return [
            connection
            for connection in self._by_owner.values()
            if connection.active
            and (connection.user_id, connection.client_id) == (user_id, client_id)
            and auth_event_id in (None, connection.auth_event_id)
        ]

    def is_connected(self, user_id: str, client_id: str, tenant_id: str) -> bool:
        """Return whether this user's tokens reach this tenant."""
        connection = self._by_owner.get((user_id, client_id, tenant_id))
        return connection is not None and connection.active

    def is_watched(self, client_id: str, tenant_id: str) -> bool:
        """Return whether any user has the tenant connected, so that its events are sent."""
        return any(
            connection.active and connection.client_id == client_id
            for connection in self._by_owner.values()
            if connection.tenant.tenant_id == tenant_id
        )

    def remove(self, *, connection_id: str, user_id: str, client_id: str) -> bool:
        """End one of the user's own connections; False where there is none of that id."""
        for connection in self.of_user(user_id=user_id, client_id=client_id):
            if connection.connection_id == connection_id:
                connection.active = False
                return True
        return False

    def remove_tenant(self, *, tenant_id: str, user_id: str | None = None) -> int:
        """End a tenant's connections, as its users do inside Xero; return how many."""
        return self._end(tenant_id=tenant_id, user_id=user_id)

    def remove_user(self, *, user_id: str, client_id: str) -> int:
        """End all of a user's connections to an app, as a revocation does; return how many."""
        return self._end(user_id=user_id, client_id=client_id)

    def set_practice(self, *, user_id: str, practice: Tenant | None) -> None:
        """Give a user a practice, which every later consent connects too, or take it away."""
        if practice is None:
            self._practices.pop(user_id, None)
        else:
            self._practices[user_id] = practice

    def practice_of(self, user_id: str) -> Tenant | None:
        """Return the user's practice, if any."""
        return self._practices.get(user_id)

    def all_active(self) -> list[dict[str, Any]]:
        """Return every active connection with its user, for the control pages."""
        return [
            connection.as_json() | {"user": connection.user_id, "clientId": connection.client_id}
            for connection in self._by_owner.values()
            if connection.active
        ]

    def _end(
        self,
        *,
        tenant_id: str | None = None,
        user_id: str | None = None,
        client_id: str | None = None,
    ) -> int:
        ended = 0
        for connection in self._by_owner.values():
            fits = (
                tenant_id in (None, connection.tenant.tenant_id)
                and user_id in (None, connection.user_id)
                and client_id in (None, connection.client_id)
            )
            if connection.active and fits:
                connection.active = False
                ended += 1
        return ended


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0"
