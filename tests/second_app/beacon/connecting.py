"""Connecting Beacon by a key, and disconnecting it."""

from datetime import datetime

from django.db import transaction

from beacon.models import KEY, BeaconKey
from connected_apps import audit, errors, queries
from connected_apps.states import states
from lrm.models import Portal, User

NAME = "beacon"
KEY_REPLACED = "KEY_REPLACED"


def connect(*, portal: Portal, key: str, by: User, now: datetime) -> None:
    """Keep the key and connect; where Beacon is connected already, with the new key."""
    with transaction.atomic():
        connection = states.connection_for(portal=portal, app=NAME, now=now)
        # It locks the connection: of two who connect at once, one comes after the other.
        states.apply(
            connection_id=connection.pk,
            trigger=states.Trigger.CONNECTED,
            by=by,
            why=f"{by} connected Beacon.",
            now=now,
            connected_by=by,
            connected_at=now,
        )
        row, is_first = BeaconKey.objects.get_or_create(portal=portal)
        KEY.put(row, key)
        row.save()
        if not is_first:
            audit.record(portal=portal, app=NAME, action=KEY_REPLACED, by=by, now=now)


def disconnect(*, portal: Portal, by: User, now: datetime) -> bool:
    """Disconnect and forget the key; return whether there was something to disconnect."""
    connection = queries.connection_of(portal, app=NAME)
    if connection is None:
        return False
    try:
        with transaction.atomic():
            states.apply(
                connection_id=connection.pk,
                trigger=states.Trigger.DISCONNECTED,
                by=by,
                why=f"{by} disconnected Beacon.",
                now=now,
            )
            BeaconKey.objects.filter(portal=portal).delete()
    except errors.ImpossibleTransition:
        return False
    return True
