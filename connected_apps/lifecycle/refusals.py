"""Telling refusals apart: what a 401 or 403 from Xero means, found out by asking `/connections`.

Xero answers 403 with the same words to a disconnected organisation, a user without the role and a
wrong tenant header (its OAuth 2.0 troubleshooting page), while tokens go on refreshing. Only
`/connections` tells them apart: an organisation that is not listed there is disconnected.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from connected_apps import errors
from connected_apps.models import Connection
from connected_apps.oauth import identity, tokens
from connected_apps.states import states

logger = logging.getLogger(__name__)


class Cause(Enum):
    """Why Xero refused."""

    DISCONNECTED_IN_XERO = "disconnected in Xero"
    RECONNECT_NEEDED = "the permission is dead"
    SCOPE_MISSING = "a permission is missing"
    ROLE_OR_PLAN = "role or plan"
    OFFLINE = "organisation offline"
    OUR_FAULT = "our own request"
    NOT_KNOWN_YET = "not known yet"
    STALE = "the connection has moved on"


@dataclass(frozen=True)
class Refusal:
    """The cause, and one sentence for people on what it means and who acts."""

    cause: Cause
    sentence: str


# Xero's header spells it without the second "i"; its documentation spells it both ways.
SCOPE_WORDS = ("insufficent_scope", "insufficient_scope")
_GONE = (
    "Xero no longer lists {name}: somebody disconnected it there, or the person who connected it "
    "lost access to it. A portal admin can connect it again here."
)
_SENTENCES = {
    Cause.SCOPE_MISSING: (
        "Xero says that a permission is missing. A portal admin can reconnect to grant it."
    ),
    Cause.ROLE_OR_PLAN: (
        "Xero still lists {name} as connected but refuses this request: {person} lacks the role "
        "for it in Xero, or the organisation's plan does not include it. Somebody who looks after "
        "users in Xero can change that."
    ),
    Cause.OFFLINE: (
        "{name} is offline in Xero at the moment. It usually takes a few minutes; "
        "syncing continues by itself."
    ),
    Cause.OUR_FAULT: (
        "Xero refuses a request of ours although {name} is connected and the permission is good. "
        "This is a fault of this system; support has been told."
    ),
    Cause.NOT_KNOWN_YET: (
        "Xero does not say at the moment whether {name} is still connected. It is asked again "
        "later."
    ),
    Cause.STALE: "The connection was changed meanwhile; this no longer matters.",
}


def explain_refusal(
    *, connection_id: int, generation: int, status: int, detail: str, now: datetime
) -> Refusal:
    """Find out why Xero refused a call, and move the connection's state where that follows.

    To be called after a 401 that one refresh did not mend, and after a 403.

    :param status: the HTTP status, 401, 403 or 503.
    :param detail: Xero's own words: `Detail` of the body, the plain text, or the
        `WWW-Authenticate` header.
    """
    connection = Connection.objects.select_related("organisation", "grant").get(pk=connection_id)
    if connection.generation != generation:
        return _refusal(Cause.STALE, connection)
    words = detail.lower()
    if "offline" in words or status == 503:
        return _refusal(Cause.OFFLINE, connection)
    if names_missing_scope(words):
        return _scope_missing(connection, now=now)
    refusal = check_with_xero(connection_id=connection_id, now=now)
    if refusal is not None:
        return refusal
    cause = Cause.ROLE_OR_PLAN if status == 403 else Cause.OUR_FAULT
    if cause is Cause.OUR_FAULT:
        logger.error("Xero answers %s although connection %s is good", status, connection_id)
    return _refusal(cause, connection)


def names_missing_scope(words: str) -> bool:
    """Return whether Xero's words on a refusal say that the grant lacks a permission."""
    return any(word in words.lower() for word in SCOPE_WORDS)


def check_with_xero(*, connection_id: int, now: datetime) -> Refusal | None:
    """Ask `/connections` whether the organisation is still connected; None where it is.

    Must not be called inside a transaction, as it may refresh the token.
    """
    connection = Connection.objects.select_related("organisation", "grant").get(pk=connection_id)
    try:
        token = tokens.access_token_for(connection_id=connection_id, now=now)
        listed = _listed(connection_id, token, now=now)
    except errors.ConnectionBroken as error:
        return Refusal(Cause.RECONNECT_NEEDED, error.reason)
    except errors.NotConnected:
        return _refusal(Cause.STALE, connection)
    except errors.TokenRefused:
        return _token_refused(connection, now=now)
    except (errors.IdentityUnavailable, errors.IdentityMisconfigured):
        return _refusal(Cause.NOT_KNOWN_YET, connection)
    if token.generation != connection.generation:
        return _refusal(Cause.STALE, connection)
    by_tenant = {line.tenant_id: line for line in listed}
    if token.tenant_id in by_tenant:
        Connection.objects.filter(pk=connection_id, generation=token.generation).update(
            checked_at=now, xero_connection_id=by_tenant[token.tenant_id].connection_id
        )
        return None
    return _gone(connection, now=now)


def _listed(
    connection_id: int, token: tokens.AccessToken, *, now: datetime
) -> list[identity.TenantConnection]:
    try:
        return identity.connections(access_token=token.value)
    except errors.TokenRefused:
        fresh = tokens.access_token_for(connection_id=connection_id, now=now, rejected=token.value)
        return identity.connections(access_token=fresh.value)


def _gone(connection: Connection, *, now: datetime) -> Refusal:
    why = _GONE.format(name=_name(connection))
    return _moved(connection, states.Trigger.GONE_IN_XERO, Cause.DISCONNECTED_IN_XERO, why, now=now)


def _scope_missing(connection: Connection, *, now: datetime) -> Refusal:
    why = _SENTENCES[Cause.SCOPE_MISSING]
    return _moved(connection, states.Trigger.SCOPE_MISSING, Cause.SCOPE_MISSING, why, now=now)


def _token_refused(connection: Connection, *, now: datetime) -> Refusal:
    """A token fresh from a refresh is refused even by `/connections`: only a consent helps."""
    why = "Xero refuses the permission although it was renewed just now."
    return _moved(connection, states.Trigger.GRANT_DEAD, Cause.RECONNECT_NEEDED, why, now=now)


def _moved(
    connection: Connection, trigger: states.Trigger, cause: Cause, why: str, *, now: datetime
) -> Refusal:
    """Move the state, which tells the portal's admins once however many calls were refused."""
    try:
        states.apply(
            connection_id=connection.pk,
            trigger=trigger,
            by=None,
            why=why,
            now=now,
            generation=connection.generation,
        )
    except (errors.StaleGeneration, errors.ImpossibleTransition):
        return _refusal(Cause.STALE, connection)
    return Refusal(cause, why)


def _refusal(cause: Cause, connection: Connection) -> Refusal:
    person = connection.grant.xero_user_name if connection.grant else ""
    sentence = _SENTENCES[cause].format(
        name=_name(connection), person=person or "the person who connected it"
    )
    return Refusal(cause, sentence)


def _name(connection: Connection) -> str:
    return connection.organisation.name if connection.organisation else "The organisation"
