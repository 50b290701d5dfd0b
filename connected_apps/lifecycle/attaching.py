"""Making a consent the portal's connection: all rows in one transaction, or none.

What the new connection replaces is cleared away by itself: a connection in Xero that nobody uses
any more counts against the app's number of connections until it is removed.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from connected_apps import queries, signals
from connected_apps.lifecycle import removals
from connected_apps.models import XERO, Connection, Grant, Organisation, PendingRemoval, State
from connected_apps.states import states
from lrm.models import Portal, User


@dataclass(frozen=True)
class Offer:
    """An organisation that a consent gives access to."""

    connection_id: uuid.UUID
    tenant_id: uuid.UUID
    name: str
    brand_new: bool

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON field keeps it."""
        return {
            "connection_id": str(self.connection_id),
            "tenant_id": str(self.tenant_id),
            "name": self.name,
            "brand_new": self.brand_new,
        }

    @staticmethod
    def from_json(item: dict[str, Any]) -> "Offer":
        """Return what `as_json` kept."""
        return Offer(
            uuid.UUID(item["connection_id"]),
            uuid.UUID(item["tenant_id"]),
            item["name"],
            item["brand_new"],
        )


class Doubt(Enum):
    """Why a person must confirm before an organisation is connected."""

    ANOTHER_ORGANISATION = "another organisation than the last one"
    ANOTHER_PORTAL = "connected to another portal of this installation"


def doubts_about(offer: Offer, *, portal: Portal) -> list[Doubt]:
    """Return what speaks against connecting an organisation without asking."""
    doubts = []
    last = queries.current_organisation(portal)
    if last is not None and last.tenant_id != offer.tenant_id:
        doubts.append(Doubt.ANOTHER_ORGANISATION)
    if queries.other_holders_of(tenant_id=offer.tenant_id, portal=portal).exists():
        doubts.append(Doubt.ANOTHER_PORTAL)
    return doubts


def attach(
    *,
    portal: Portal,
    grant: Grant,
    offer: Offer,
    by: User,
    now: datetime,
    correlation_id: uuid.UUID,
) -> Connection:
    """Make the organisation the portal's connection. Must be called inside a transaction.

    :param grant: the new consent's tokens, saved already.
    :raises Exception: whatever a receiver of `signals.connected` raises; nothing may be committed.
    """
    row = states.connection_for(portal=portal, app=XERO, now=now)
    before = Connection.objects.select_for_update().get(pk=row.pk)
    organisation, _created = Organisation.objects.update_or_create(
        portal=portal, tenant_id=offer.tenant_id, defaults={"name": offer.name[:255]}
    )
    same = before.organisation_id == organisation.pk
    _cancel_removals_of(offer.connection_id, now=now)
    connection = states.apply(
        connection_id=before.pk,
        trigger=states.Trigger.CONNECTED,
        by=by,
        why=f"{by} connected {organisation.name}.",
        now=now,
        correlation_id=correlation_id,
        organisation=organisation,
        grant=grant,
        xero_connection_id=offer.connection_id,
        connected_by=by,
        connected_at=now,
        checked_at=now,
        last_good_sync_at=before.last_good_sync_at if same else None,
    )
    _clear_away(before, grant=grant, now=now)
    signals.send_connected(
        connection=connection,
        reconnected=before.organisation_id is not None,
        same_organisation=same,
    )
    return connection


def give_up(grant: Grant, offers: list[Offer], *, now: datetime) -> None:
    """Have removed in Xero what a consent newly made there and nobody uses.

    An organisation that was connected before this consent is left alone: it may serve another
    installation of this app.
    """
    for offer in offers:
        if offer.brand_new:
            removals.schedule_removal(
                grant, connection_id=offer.connection_id, name=offer.name, now=now
            )


def _cancel_removals_of(connection_id: uuid.UUID, *, now: datetime) -> None:
    """Keep an old removal from ending the connection that was just made: Xero keeps its id."""
    waiting = PendingRemoval.objects.filter(
        xero_connection_id=connection_id, finished_at__isnull=True
    )
    for removal in waiting.select_for_update():
        removal.finished_at, removal.outcome = now, "Not needed: connected again."
        removal.save()
        if removal.grant is not None:
            removals.drop_unused(removal.grant)


def _clear_away(before: Connection, *, grant: Grant, now: datetime) -> None:
    """Remove what stood before: its place in Xero where that is another one, and its tokens."""
    old_grant = before.grant
    if old_grant is None:
        return
    was = before.state_before if before.state == State.CONNECTING else before.state
    stands_in_xero = was not in (State.DISCONNECTED_IN_XERO, State.DISCONNECTED_HERE)
    current = Connection.objects.get(pk=before.pk)
    old_id = before.xero_connection_id
    if stands_in_xero and old_id is not None and old_id != current.xero_connection_id:
        # The same Xero user's new tokens reach the old connection too, and are surely good.
        same_user = bool(grant.xero_user_id) and grant.xero_user_id == old_grant.xero_user_id
        name = before.organisation.name if before.organisation else "an organisation"
        removals.schedule_removal(
            grant if same_user else old_grant, connection_id=old_id, name=name, now=now
        )
    removals.drop_unused(old_grant)
