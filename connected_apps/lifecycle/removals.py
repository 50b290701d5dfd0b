"""Removing in Xero what was disconnected here, again and again until Xero has answered.

A removal is leased by moving its next try ahead, so that two workers do not do the same one; a
killed worker's lease lapses. It needs neither a column of its own nor renewing: a try is short, and
removing twice does no harm, since Xero answers 404.

Revoking a grant ends **every** connection of that Xero user to this app (Xero's revocation
endpoint), other portals' too. So it happens only where Xero lists nothing more for the user and no
live connection of this installation belongs to the same user.
"""

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction

from connected_apps import audit, dispatch, errors, queries
from connected_apps.models import XERO, Connection, Grant, PendingRemoval
from connected_apps.oauth import encryption, identity, tokens

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=1)

_REMOVED = "Removed in Xero."
_REVOKED = "Removed in Xero, and the permission was given back."
_SHARED = "Left in Xero: another connection of this system uses it."
_DEAD = (
    "Xero no longer accepts our permission, so it could not be removed from here. If Xero still "
    "lists it under Settings, Connected apps, remove it there."
)


def schedule_removal(
    grant: Grant,
    *,
    connection_id: uuid.UUID,
    name: str,
    now: datetime,
    correlation_id: uuid.UUID | None = None,
    is_leased: bool = False,
) -> PendingRemoval:
    """Note that a connection must be removed in Xero, and have a worker do it.

    :param is_leased: the caller does it by `finish_leased`, so that no worker may be quicker.
    """
    removal = PendingRemoval.objects.create(
        portal_id=grant.portal_id,
        grant=grant,
        xero_connection_id=connection_id,
        organisation_name=name[:255],
        requested_at=now,
        next_try_at=now + LEASE if is_leased else now,
        attempts=1 if is_leased else 0,
        correlation_id=correlation_id or uuid.uuid4(),
    )
    if not is_leased:
        dispatch.FINISH_REMOVALS.wake()
    return removal


def drop_unused(grant: Grant) -> None:
    """Forget a grant's tokens where neither a connection nor a removal needs them."""
    is_used = Connection.objects.filter(grant=grant).exists()
    if not is_used and not grant.removals.filter(finished_at__isnull=True).exists():
        grant.delete()


def finish_due(*, now: datetime, most: int = 50) -> int:
    """Try every removal that is due; return how many are finished."""
    due = PendingRemoval.objects.filter(finished_at__isnull=True, next_try_at__lte=now)
    ids = due.order_by("next_try_at").values_list("pk", flat=True)[:most]
    return sum(finish(removal_id=pk, now=now) for pk in list(ids))


def finish(*, removal_id: int, now: datetime) -> bool:
    """Try one removal now; return whether nothing is left to do.

    Must not be called inside a transaction, as it may refresh a token.
    """
    removal = _take(removal_id, now=now)
    if removal is None:
        return PendingRemoval.objects.filter(pk=removal_id, finished_at__isnull=False).exists()
    return finish_leased(removal=removal, now=now)


def finish_leased(*, removal: PendingRemoval, now: datetime) -> bool:
    """Try a removal that the caller has leased; return whether nothing is left to do."""
    try:
        outcome = _remove(removal, now=now)
    except (errors.IdentityUnavailable, errors.IdentityMisconfigured) as error:
        _put_off(removal, now=now)
        logger.warning("Removal %s put off: %s", removal.pk, error)
        return False
    _finished(removal, outcome, now=now)
    return True


def _take(removal_id: int, *, now: datetime) -> PendingRemoval | None:
    with transaction.atomic():
        removal = (
            PendingRemoval.objects.select_for_update(skip_locked=True)
            .filter(pk=removal_id, finished_at__isnull=True, next_try_at__lte=now)
            .first()
        )
        if removal is not None:
            removal.next_try_at = now + LEASE
            removal.attempts += 1
            removal.save()
    return removal


def _remove(removal: PendingRemoval, *, now: datetime) -> str:
    if queries.live_connections().filter(xero_connection_id=removal.xero_connection_id).exists():
        return _SHARED
    if removal.grant is None:
        return _DEAD
    try:
        access_token = _remove_by_token(removal, removal.grant.pk, now=now)
    except (errors.ConnectionBroken, errors.NotConnected, errors.TokenRefused):
        return _DEAD
    return _REVOKED if _revoke_if_last(removal.grant, access_token) else _REMOVED


def _remove_by_token(removal: PendingRemoval, grant_id: int, *, now: datetime) -> str:
    """Remove the connection and return the access token that did it."""
    token = tokens.grant_token(grant_id=grant_id, now=now)
    try:
        identity.remove_connection(
            access_token=token.value, connection_id=removal.xero_connection_id
        )
    except errors.TokenRefused:
        token = tokens.grant_token(grant_id=grant_id, now=now, rejected=token.value)
        identity.remove_connection(
            access_token=token.value, connection_id=removal.xero_connection_id
        )
    return token.value


def _revoke_if_last(grant: Grant, access_token: str) -> bool:
    if _is_needed(grant) or identity.connections(access_token=access_token):
        return False
    # As it is now: removing may have refreshed it.
    stored = Grant.objects.get(pk=grant.pk)
    identity.revoke(refresh_token=encryption.read(stored, encryption.REFRESH))
    return True


def _is_needed(grant: Grant) -> bool:
    live = queries.live_connections()
    if live.filter(grant=grant).exists() or not grant.xero_user_id:
        # Without the user's id nobody can tell whom a revocation would hit.
        return True
    return live.filter(grant__xero_user_id=grant.xero_user_id).exists()


def _finished(removal: PendingRemoval, outcome: str, *, now: datetime) -> None:
    with transaction.atomic():
        removal.finished_at, removal.outcome = now, outcome
        removal.save()
        audit.record(
            portal=removal.portal,
            app=XERO,
            action="REMOVED_IN_XERO",
            by=None,
            now=now,
            detail=outcome,
            organisation_name=removal.organisation_name,
            is_problem=outcome == _DEAD,
            correlation_id=removal.correlation_id,
        )
        if removal.grant is not None:
            drop_unused(removal.grant)


def _put_off(removal: PendingRemoval, *, now: datetime) -> None:
    pause = min(timedelta(minutes=2 ** min(removal.attempts - 1, 6)), LONGEST_PAUSE)
    PendingRemoval.objects.filter(pk=removal.pk).update(next_try_at=now + pause)
