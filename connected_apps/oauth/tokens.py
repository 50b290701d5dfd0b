"""The one place that refreshes tokens.

Xero gives a new refresh token with every refresh and ends the one before it 30 minutes later, so
two refreshers that overwrite each other lose the grant. Here the grant's row lock makes it one: who
waited for the lock reads the row again and finds the new pair. The new pair is committed before
anybody uses it. A process killed between Xero's answer and the commit leaves the old refresh token
stored, which Xero accepts for 30 minutes more; the next caller simply refreshes again.

`invalid_grant` is believed only when it is repeated: the newest token is tried again, and between
the two tries the one before it while it is inside its 30 minutes.
"""

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from connected_apps import errors
from connected_apps.models import Connection, Grant
from connected_apps.oauth import encryption, identity
from connected_apps.states import states

REFRESH_BEFORE_END = timedelta(minutes=5)
# While the identity service is down a token is still given out when this much is left of it.
USABLE_WHILE_DOWN = timedelta(seconds=30)
GRACE_OF_PREVIOUS = timedelta(minutes=30)

DEAD = "Xero no longer accepts the permission because it was withdrawn or not used for 60 days."


@dataclass(frozen=True)
class AccessToken:
    """A token to call one organisation with. Its text stays out of its repr."""

    value: str = field(repr=False)
    tenant_id: uuid.UUID
    organisation_id: int
    generation: int
    expires_at: datetime

    def nears_its_end(self, *, now: datetime) -> bool:
        """Return whether it is time to ask for another instead of using this one."""
        return _nears_its_end(self.expires_at, now=now)


@dataclass(frozen=True)
class GrantToken:
    """An access token of a grant, for calls that concern no single organisation."""

    value: str = field(repr=False)
    expires_at: datetime


def access_token_for(
    *, connection_id: int, now: datetime, rejected: str | None = None
) -> AccessToken:
    """Return a token that is good for the connection's organisation, refreshed where needed.

    Must not be called inside a transaction: a refresh has to be committed on its own.

    :param rejected: the value of a token that Xero just answered 401 to. Unless the stored one
        is another already, it is refreshed whatever its age.
    :raises errors.NotConnected: there is no connection to give a token for.
    :raises errors.ConnectionBroken: a person must reconnect; the state says so already.
    :raises errors.IdentityUnavailable: try again later.
    :raises errors.IdentityMisconfigured: an operator must mend the settings.
    """
    _refuse_inside_transaction()
    connection = Connection.objects.select_related("organisation").filter(pk=connection_id).first()
    if connection is None or connection.organisation is None or connection.grant_id is None:
        raise errors.NotConnected("The portal is not connected to Xero.")
    if connection.state in states.BROKEN:
        raise errors.ConnectionBroken(connection.reason)
    if connection.state not in states.LIVE:
        raise errors.NotConnected("The portal is not connected to Xero.")
    try:
        token = grant_token(grant_id=connection.grant_id, now=now, rejected=rejected)
    except errors.ConnectionBroken:
        _record_death(connection, now=now)
        raise
    return AccessToken(
        value=token.value,
        tenant_id=connection.organisation.tenant_id,
        organisation_id=connection.organisation.pk,
        generation=connection.generation,
        expires_at=token.expires_at,
    )


def grant_token(*, grant_id: int, now: datetime, rejected: str | None = None) -> GrantToken:
    """Return a good access token of a grant; see `access_token_for` for the rules.

    :raises errors.NotConnected: the grant is gone.
    :raises errors.ConnectionBroken: the grant is dead; no connection's state is touched here.
    """
    grant = Grant.objects.filter(pk=grant_id).first()
    if grant is None:
        raise errors.NotConnected("The permission was given up.")
    if _must_refresh(grant, now=now, rejected=rejected):
        grant = _refreshed(grant_id=grant_id, now=now, rejected=rejected)
    return GrantToken(encryption.read(grant, encryption.ACCESS), grant.access_expires_at)


def renew(*, connection_id: int, now: datetime) -> AccessToken:
    """Refresh whatever the token's age, which keeps the grant from ending after 60 idle days.

    :raises errors.ConnectedAppsError: as `access_token_for`.
    """
    token = access_token_for(connection_id=connection_id, now=now)
    return access_token_for(connection_id=connection_id, now=now, rejected=token.value)


def new_grant(*, portal_id: int, pair: identity.TokenPair, now: datetime) -> Grant:
    """Store the token pair of a new consent.

    The row is there first, since its id is part of what its tokens are encrypted for; nobody else
    sees it without them.
    """
    with transaction.atomic():
        grant = _empty_grant(portal_id=portal_id, pair=pair, now=now)
        encryption.put(grant, encryption.ACCESS, pair.access_token)
        encryption.put(grant, encryption.REFRESH, pair.refresh_token)
        grant.save(update_fields=[encryption.ACCESS, encryption.REFRESH])
    return grant


def _empty_grant(*, portal_id: int, pair: identity.TokenPair, now: datetime) -> Grant:
    return Grant.objects.create(
        portal_id=portal_id,
        xero_user_id=pair.xero_user_id,
        xero_user_name=pair.xero_user_name[:200],
        authentication_event_id=pair.authentication_event_id,
        scopes=pair.scopes,
        access_token_encrypted=b"",
        refresh_token_encrypted=b"",
        access_expires_at=now + timedelta(seconds=pair.life_seconds),
        refreshed_at=now,
    )


def _refuse_inside_transaction() -> None:
    """Raise RuntimeError where a transaction is open, whether or not a refresh is due this time.

    Otherwise the mistake would show only once every half hour. An empty block sends nothing.
    """
    with transaction.atomic(durable=True):
        pass


def _must_refresh(grant: Grant, *, now: datetime, rejected: str | None) -> bool:
    if grant.dead_at is not None:
        raise errors.ConnectionBroken(DEAD)
    if rejected is not None and encryption.read(grant, encryption.ACCESS) == rejected:
        return True
    return _nears_its_end(grant.access_expires_at, now=now)


def _nears_its_end(expires_at: datetime, *, now: datetime) -> bool:
    return expires_at - now < REFRESH_BEFORE_END


def _refreshed(*, grant_id: int, now: datetime, rejected: str | None) -> Grant:
    """Refresh under the row's lock, in a transaction that is committed when this returns."""
    failure: errors.ConnectedAppsError | None = None
    with transaction.atomic(durable=True):
        grant = Grant.objects.select_for_update().filter(pk=grant_id).first()
        if grant is None:
            raise errors.NotConnected("The permission was given up.")
        # What another process did while this one waited for the lock is not done again: neither a
        # refresh, nor running into a service that is down.
        if not _must_refresh(grant, now=now, rejected=rejected):
            return grant
        if grant.refresh_failed_at is not None and grant.refresh_failed_at > now:
            return _usable_or_raise(grant, now=now, rejected=rejected)
        failure = _refresh_locked(grant, now=now)
        grant.save()
    if isinstance(failure, errors.IdentityUnavailable):
        return _usable_or_raise(grant, now=now, rejected=rejected)
    if failure is not None:
        raise failure
    return grant


def _refresh_locked(grant: Grant, *, now: datetime) -> errors.ConnectedAppsError | None:
    """Ask for a new pair and put it, or what went wrong, on the row; the caller saves it.

    Failures are returned, not raised, because what they leave on the row must be committed.
    """
    started = time.monotonic()
    try:
        pair, used = _ask_for_pair(grant, now=now)
    except errors.GrantRefused:
        grant.dead_at = now
        return errors.ConnectionBroken(DEAD)
    except errors.IdentityUnavailable as error:
        grant.refresh_failed_at = now + timedelta(seconds=time.monotonic() - started)
        return error
    _store(grant, pair, used=used, now=now)
    return None


def _usable_or_raise(grant: Grant, *, now: datetime, rejected: str | None) -> Grant:
    """Return the grant as it is while its token still has time; an outage then costs nothing."""
    if rejected is None and grant.access_expires_at - now > USABLE_WHILE_DOWN:
        return grant
    raise errors.IdentityUnavailable("Xero's identity service is not answering.")


def _ask_for_pair(grant: Grant, *, now: datetime) -> tuple[identity.TokenPair, str]:
    """Return a new pair, and the refresh token that Xero took for it."""
    newest = encryption.read(grant, encryption.REFRESH)
    previous = encryption.read(grant, encryption.PREVIOUS_REFRESH)
    tries = [newest, newest]
    if previous and now - grant.refreshed_at < GRACE_OF_PREVIOUS:
        tries.insert(1, previous)
    for refresh_token in tries:
        try:
            return identity.refresh(refresh_token=refresh_token), refresh_token
        except errors.GrantRefused:
            continue
    raise errors.GrantRefused("invalid_grant, repeated")


def _store(grant: Grant, pair: identity.TokenPair, *, used: str, now: datetime) -> None:
    encryption.put(grant, encryption.PREVIOUS_REFRESH, used)
    encryption.put(grant, encryption.REFRESH, pair.refresh_token)
    encryption.put(grant, encryption.ACCESS, pair.access_token)
    grant.access_expires_at = now + timedelta(seconds=pair.life_seconds)
    grant.scopes = pair.scopes or grant.scopes
    grant.refreshed_at = now
    grant.refresh_count += 1
    grant.refresh_failed_at = None


def _record_death(connection: Connection, *, now: datetime) -> None:
    """Move the state; harmless where another process has done so, or a person has reconnected."""
    try:
        states.apply(
            connection_id=connection.pk,
            trigger=states.Trigger.GRANT_DEAD,
            by=None,
            why=DEAD,
            now=now,
            generation=connection.generation,
        )
    except (errors.StaleGeneration, errors.ImpossibleTransition):
        return
