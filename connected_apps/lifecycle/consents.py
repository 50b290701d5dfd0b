"""From Xero's consent page to a decision: which organisation, and does a person have to confirm?

Nothing is stored before every call to Xero has succeeded; then the tokens, the organisation and
the new state are committed together (`lifecycle.attaching`), or the tokens and the open
question (`PendingConsent`). Whatever goes wrong before is a `ConsentProblem` with its own sentence.
"""

import hashlib
import logging
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, OperationalError, transaction
from django.urls import reverse

from connected_apps import errors
from connected_apps.lifecycle import attaching, consent_problems, removals
from connected_apps.lifecycle.attaching import Offer
from connected_apps.models import XERO, Connection, PendingConsent
from connected_apps.oauth import identity, tokens
from connected_apps.states import states
from lrm.models import Portal, User

logger = logging.getLogger(__name__)
T = TypeVar("T")

PENDING_LIFE = timedelta(minutes=15)


@dataclass(frozen=True)
class Attempt:
    """One press of *Connect to Xero*: what the browser session must remember, and where to go."""

    url: str
    state: str
    verifier: str
    nonce: str
    correlation_id: uuid.UUID


@dataclass(frozen=True)
class Question:
    """A consent that waits for a person's answer; `secret` ties it to the browser session."""

    pending: PendingConsent
    secret: str


def redirect_uri() -> str:
    """Return the one address Xero sends people back to; it is registered with the Xero app."""
    return f"{settings.PUBLIC_URL}{reverse('xero_callback')}"


def begin(*, portal: Portal, by: User, now: datetime) -> Attempt:
    """Start an attempt to connect and return where the person goes."""
    correlation_id = uuid.uuid4()
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    nonce = secrets.token_urlsafe(32)
    connection = states.connection_for(portal=portal, app=XERO, now=now)
    states.apply(
        connection_id=connection.pk,
        trigger=states.Trigger.CONNECT_STARTED,
        by=by,
        why=f"{by} went to Xero to connect.",
        now=now,
        correlation_id=correlation_id,
    )
    url = identity.authorize_url(
        state=state, verifier=verifier, nonce=nonce, redirect_uri=redirect_uri()
    )
    return Attempt(url, state, verifier, nonce, correlation_id)


def abandon(
    *, portal: Portal, by: User | None, why: str, now: datetime, correlation_id: uuid.UUID
) -> None:
    """Put the connection back to what it was before the person went to Xero."""
    connection = states.connection_for(portal=portal, app=XERO, now=now)
    states.apply(
        connection_id=connection.pk,
        trigger=states.Trigger.CONNECT_ABANDONED,
        by=by,
        why=why,
        now=now,
        correlation_id=correlation_id,
    )


def complete(
    *,
    portal: Portal,
    by: User,
    code: str,
    verifier: str,
    nonce: str,
    correlation_id: uuid.UUID,
    now: datetime,
) -> Connection | Question:
    """Turn an authorization code into a connection, or into a question to the person.

    :raises errors.ConsentProblem: with the sentence to show; nothing has been stored.
    """
    try:
        pair = identity.redeem_code(
            code=code, verifier=verifier, nonce=nonce, redirect_uri=redirect_uri()
        )
        listed = identity.connections(access_token=pair.access_token)
    except errors.IdTokenRefused as error:
        logger.error(  # noqa: TRY400 - the traceback says nothing more
            "An id token was refused when portal %s was connected: %s", portal.pk, error
        )
        raise consent_problems.of_error(error) from error
    except errors.ConnectedAppsError as error:
        raise consent_problems.of_error(error) from error
    offers = offers_of(pair, listed)
    if not offers:
        raise consent_problems.no_organisation()
    try:
        return _in_one_piece(lambda: _store(portal, by, pair, offers, correlation_id, now))
    except errors.ConsentProblem:
        _leave_nothing_in_xero(portal, pair, offers, now=now)
        raise


def _store(
    portal: Portal,
    by: User,
    pair: identity.TokenPair,
    offers: list[Offer],
    correlation_id: uuid.UUID,
    now: datetime,
) -> Connection | Question:
    """Store the tokens, and with them the connection or the question to the person."""
    with transaction.atomic():
        grant = tokens.new_grant(portal_id=portal.pk, pair=pair, now=now)
        if len(offers) == 1 and not attaching.doubts_about(offers[0], portal=portal):
            return attaching.attach(
                portal=portal,
                grant=grant,
                offer=offers[0],
                by=by,
                now=now,
                correlation_id=correlation_id,
            )
        secret = secrets.token_urlsafe(32)
        pending = PendingConsent.objects.create(
            portal=portal,
            user=by,
            session_hash=_hash(secret),
            grant=grant,
            organisations=[offer.as_json() for offer in offers],
            correlation_id=correlation_id,
            created_at=now,
            expires_at=now + PENDING_LIFE,
        )
    return Question(pending, secret)


def offers_of(pair: identity.TokenPair, listed: list[identity.TenantConnection]) -> list[Offer]:
    """Return the organisations the person may have meant by this consent.

    `/connections` lists earlier consents too. The access token names its own consent
    (`authentication_event_id`), and what was chosen in it bears the same id. Where the token names
    none, or no line bears it, guessing by dates could connect the wrong organisation unseen; then
    everything that is listed is offered, and the person says which.
    """
    event_id = pair.authentication_event_id
    chosen = [line for line in listed if event_id and line.authentication_event_id == event_id]
    certain = bool(chosen)
    return [
        Offer(
            connection_id=line.connection_id,
            tenant_id=line.tenant_id,
            name=line.name,
            brand_new=certain and line.created[:19] == line.updated[:19],
        )
        for line in chosen or listed
    ]


def question_for(
    *, portal: Portal, user: User, pending_id: int, secret: str, now: datetime
) -> PendingConsent | None:
    """Return the open question of this user in this browser session; None where it has lapsed."""
    pending = (
        PendingConsent.objects.filter(pk=pending_id, portal=portal, user=user, expires_at__gt=now)
        .select_related("grant", "portal")
        .first()
    )
    if pending is None or not secrets.compare_digest(pending.session_hash, _hash(secret)):
        return None
    return pending


def answer(
    *, pending: PendingConsent, tenant_id: uuid.UUID, confirmed: bool, by: User, now: datetime
) -> Connection | list[attaching.Doubt]:
    """Connect the organisation a person chose, or return what has to be confirmed first.

    :raises errors.ConsentProblem: it was answered in another tab, was never on offer, or could not
        be stored, and the question stands.
    """
    return _in_one_piece(lambda: _answer(pending, tenant_id, confirmed=confirmed, by=by, now=now))


def _answer(
    pending: PendingConsent, tenant_id: uuid.UUID, *, confirmed: bool, by: User, now: datetime
) -> Connection | list[attaching.Doubt]:
    with transaction.atomic():
        locked = PendingConsent.objects.select_for_update().filter(pk=pending.pk).first()
        if locked is None:
            raise consent_problems.answered_already()
        offers = {offer.tenant_id: offer for offer in map(Offer.from_json, locked.organisations)}
        offer = offers.pop(tenant_id, None)
        if offer is None:
            raise consent_problems.not_on_offer()
        doubts = attaching.doubts_about(offer, portal=locked.portal)
        if doubts and not confirmed:
            return doubts
        connection = attaching.attach(
            portal=locked.portal,
            grant=locked.grant,
            offer=offer,
            by=by,
            now=now,
            correlation_id=locked.correlation_id,
        )
        attaching.give_up(locked.grant, list(offers.values()), now=now)
        locked.delete()
    return connection


def _in_one_piece(store: Callable[[], T]) -> T:
    """Do what stores a consent, in one transaction; once more where the database broke it off.

    :raises errors.ConsentProblem: as `store` does, or because of an error of ours. Nothing is
        stored then.
    """
    try:
        try:
            return store()
        except OperationalError:  # Such as a deadlock with a worker that stores a page.
            return store()
    except errors.ConsentProblem:
        raise
    except Exception as error:
        logger.exception("A consent could not be stored")
        raise consent_problems.not_stored() from error


def _leave_nothing_in_xero(
    portal: Portal, pair: identity.TokenPair, offers: list[Offer], *, now: datetime
) -> None:
    """Have what a consent newly made in Xero removed there, as nothing came of it here."""
    try:
        with transaction.atomic():
            grant = tokens.new_grant(portal_id=portal.pk, pair=pair, now=now)
            attaching.give_up(grant, offers, now=now)
            removals.drop_unused(grant)
    except DatabaseError:
        logger.exception("What a consent made in Xero could not be noted for removal")


def discard(*, pending: PendingConsent, by: User | None, why: str, now: datetime) -> None:
    """Let a consent come to nothing: nothing changes here, what it made in Xero is removed."""
    with transaction.atomic():
        locked = PendingConsent.objects.select_for_update().filter(pk=pending.pk).first()
        if locked is None:
            return
        attaching.give_up(
            locked.grant, [Offer.from_json(item) for item in locked.organisations], now=now
        )
        locked.delete()
        removals.drop_unused(locked.grant)
        abandon(portal=locked.portal, by=by, why=why, now=now, correlation_id=locked.correlation_id)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
