"""Codes, grants and tokens: what the identity service remembers and when it forgets.

Life times are Xero's: authorization code 5 minutes and once, access token 30 minutes, id token
5 minutes, refresh token 60 days unused. Every refresh gives a new refresh token; the one it
replaces stays usable, as often as needed, for 30 minutes after its first use, so that a lost reply
can be asked for again (Xero's OAuth 2.0 questions page). A pair taken inside that grace lives
beside the newest pair, neither ends the other.

All instants come from the simulator's clock. Token texts leave this module only in the answer they
are made for.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from xero_simulator import clock
from xero_simulator.identity import forgeries, jwt_claims, scopes, signing
from xero_simulator.identity.grants import Consent, Grant, RefreshTokenSnapshot

CODE_LIFE = timedelta(minutes=5)
ACCESS_LIFE = timedelta(minutes=30)
ID_LIFE = timedelta(minutes=5)
REFRESH_IDLE_LIFE = timedelta(days=60)
ROTATION_GRACE = timedelta(minutes=30)
# For so long a snapshot still holds an expired access token, so that it is refused as expired.
EXPIRED_KEPT_FOR = timedelta(days=1)


class InvalidGrant(Exception):
    """The code or refresh token is unknown, used up, too old or not this app's."""


class Invalid(Exception):
    """The bearer is no token of this service."""


class Expired(Exception):
    """The bearer was a good token once; `expired_at` says until when."""

    def __init__(self, expired_at: datetime) -> None:
        super().__init__(f"token expired at {expired_at}")
        self.expired_at = expired_at


@dataclass(frozen=True)
class AccessToken:
    """What a bearer stands for."""

    user_id: str
    client_id: str
    scopes: frozenset[str]
    authentication_event_id: str
    expires_at: datetime


@dataclass
class _RefreshToken:
    grant: Grant
    issued_at: datetime
    rotated_at: datetime | None = None

    def is_usable(self, now: datetime) -> bool:
        if not self.grant.alive:
            return False
        if self.rotated_at is not None:
            return now - self.rotated_at <= ROTATION_GRACE
        return now - self.issued_at <= REFRESH_IDLE_LIFE


@dataclass(frozen=True)
class TokensSnapshot:
    """What a restart restores of the tokens; `granted` holds user, client and scopes."""

    key: dict[str, Any]
    codes: dict[str, Consent]
    grants: list[Grant]
    refresh_tokens: dict[str, RefreshTokenSnapshot]
    access_tokens: dict[str, AccessToken]
    granted: list[tuple[str, str, tuple[str, ...]]]


class TokenRegistry:
    """Everything the identity service has handed out.

    :param issuer: gives the public address, which stands in every token; asked late, because a free
        port is known only once the server listens.
    """

    def __init__(self, time: clock.Clock, *, issuer: Callable[[], str]) -> None:
        self._clock = time
        self._issuer = issuer
        self._signer = signing.Signer()
        self.reset()

    def reset(self) -> None:
        """Forget every code, grant and token; the signing key stays."""
        self._codes: dict[str, Consent] = {}
        self._grants: list[Grant] = []
        self._refresh_tokens: dict[str, _RefreshToken] = {}
        self._access_tokens: dict[str, AccessToken] = {}
        self._granted: dict[tuple[str, str], tuple[str, ...]] = {}

    def snapshot(self) -> TokensSnapshot:
        """Return what a restart must restore."""
        long_ago = self._clock.now() - EXPIRED_KEPT_FOR
        return TokensSnapshot(
            key=self._signer.snapshot(),
            codes=self._codes,
            grants=self._grants,
            refresh_tokens={
                text: RefreshTokenSnapshot(each.grant.grant_id, each.issued_at, each.rotated_at)
                for text, each in self._refresh_tokens.items()
            },
            access_tokens={
                text: each
                for text, each in self._access_tokens.items()
                if each.expires_at > long_ago
            },
            granted=[(*owner, names) for owner, names in self._granted.items()],
        )

    def restore(self, snapshot: TokensSnapshot) -> None:
        """Go on from a snapshot.

        :raises LookupError: a refresh token belongs to no grant.
        """
        self._signer.restore(snapshot.key)
        self._codes, self._grants = snapshot.codes, snapshot.grants
        grants = {each.grant_id: each for each in snapshot.grants}
        self._refresh_tokens = {
            text: _RefreshToken(grants[each.grant_id], each.issued_at, each.rotated_at)
            for text, each in snapshot.refresh_tokens.items()
        }
        self._access_tokens = snapshot.access_tokens
        self._granted = {(user, client): names for user, client, names in snapshot.granted}

    def granted_scopes(self, *, user_id: str, client_id: str) -> tuple[str, ...]:
        """Return what this user has allowed this app so far: consents add up."""
        return self._granted.get((user_id, client_id), ())

    def issue_code(self, consent: Consent) -> str:
        """Remember a consent and return its authorization code."""
        code = secrets.token_urlsafe(32)
        self._codes[code] = consent
        owner = (consent.person.user_id, consent.client_id)
        self._granted[owner] = scopes.joined(self._granted.get(owner, ()), consent.scopes)
        return code

    def redeem_code(
        self,
        *,
        code: str,
        client_id: str,
        redirect_uri: str,
        code_verifier: str | None,
        forgery: str = "",
    ) -> dict[str, Any]:
        """Exchange an authorization code for tokens, once.

        :param forgery: how the id token is wrong, a name of `forgeries`.
        :returns: the token endpoint's answer.
        :raises InvalidGrant: for any reason at all; as in Xero the caller is not told which.
        """
        consent = self._codes.pop(code, None)
        if consent is None or self._clock.now() - consent.given_at > CODE_LIFE:
            raise InvalidGrant("code unknown, used or expired")
        if consent.client_id != client_id or consent.redirect_uri != redirect_uri:
            raise InvalidGrant("code was issued to another app or redirect address")
        if not consent.takes(code_verifier):
            raise InvalidGrant("code verifier does not fit")
        grant = Grant(consent)
        self._grants.append(grant)
        return self._issue(grant, forgery)

    def refresh(self, *, refresh_token: str, client_id: str) -> dict[str, Any]:
        """Exchange a refresh token for a fresh pair.

        :returns: the token endpoint's answer.
        :raises InvalidGrant: where it is unknown, revoked, idle too long or replaced too long ago.
        """
        now = self._clock.now()
        token = self._refresh_tokens.get(refresh_token)
        if token is None or token.grant.consent.client_id != client_id:
            raise InvalidGrant("refresh token unknown")
        if not token.is_usable(now):
            raise InvalidGrant("refresh token expired, replaced or revoked")
        token.rotated_at = token.rotated_at or now
        token.grant.refreshes += 1
        return self._issue(token.grant)

    def revoke(self, *, refresh_token: str, client_id: str) -> str | None:
        """End the grant of a refresh token.

        :returns: the user whose grant it was, or None where the token is not known, which is no
            error: revoking always succeeds.
        """
        token = self._refresh_tokens.get(refresh_token)
        if token is None or token.grant.consent.client_id != client_id:
            return None
        token.grant.alive = False
        user_id = token.grant.consent.person.user_id
        self._granted.pop((user_id, client_id), None)
        return user_id

    def check(self, bearer: str) -> AccessToken:
        """Return what an access token stands for.

        :raises Expired: after its 30 minutes.
        :raises Invalid: where this service never issued it.
        """
        token = self._access_tokens.get(bearer)
        if token is None:
            raise Invalid("not a token of this service")
        if self._clock.now() >= token.expires_at:
            raise Expired(token.expires_at)
        return token

    def change_key(self) -> None:
        """Sign with a new key from now on; tokens that were handed out are known all the same."""
        self._signer.change_key()

    def key_set(self) -> dict[str, Any]:
        """Return the public signing key as a JSON Web Key Set."""
        return self._signer.key_set()

    def stats(self) -> list[dict[str, Any]]:
        """Return each grant with its figures, oldest first, and no token text."""
        return [self._stats_of(grant) for grant in self._grants]

    def _stats_of(self, grant: Grant) -> dict[str, Any]:
        now = self._clock.now()
        chain = [token for token in self._refresh_tokens.values() if token.grant is grant]
        expires = grant.access_expires_at
        return {
            "grant": grant.grant_id,
            "user": grant.consent.person.user_id,
            "email": grant.consent.person.email,
            "client_id": grant.consent.client_id,
            "authentication_event_id": grant.consent.authentication_event_id,
            "scopes": list(grant.consent.scopes),
            "alive": grant.alive,
            "refreshes": grant.refreshes,
            "issued": grant.issued,
            "usable_refresh_tokens": sum(token.is_usable(now) for token in chain),
            "last_issued_at": grant.last_issued_at.isoformat() if grant.last_issued_at else None,
            "access_expires_at": expires.isoformat() if expires else None,
            "access_expired": expires is not None and now >= expires,
        }

    def _issue(self, grant: Grant, forgery: str = "") -> dict[str, Any]:
        now = self._clock.now()
        consent = grant.consent
        granted = self.granted_scopes(user_id=consent.person.user_id, client_id=consent.client_id)
        allowed = scopes.joined(granted, consent.scopes)
        access_token = self._sign_access_token(grant, allowed, now)
        answer: dict[str, Any] = {}
        if "openid" in allowed and forgery != forgeries.ABSENT:
            answer["id_token"] = self._sign_id_token(grant, allowed, access_token, now, forgery)
        answer |= {
            "access_token": access_token,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "token_type": "Bearer",
        }
        if "offline_access" in allowed:
            answer["refresh_token"] = secrets.token_urlsafe(32)
            self._refresh_tokens[answer["refresh_token"]] = _RefreshToken(grant, now)
        answer["scope"] = " ".join(allowed)
        grant.issued += 1
        grant.last_issued_at = now
        grant.access_expires_at = now + ACCESS_LIFE
        return answer

    def _sign_access_token(self, grant: Grant, allowed: tuple[str, ...], now: datetime) -> str:
        facts = jwt_claims.of_access_token(
            grant, allowed, issuer=self._issuer(), now=now, life=ACCESS_LIFE
        )
        text = self._signer.sign(facts, kind="at+jwt")
        self._access_tokens[text] = AccessToken(
            user_id=grant.consent.person.user_id,
            client_id=grant.consent.client_id,
            scopes=frozenset(allowed),
            authentication_event_id=grant.consent.authentication_event_id,
            expires_at=now + ACCESS_LIFE,
        )
        return text

    def _sign_id_token(
        self,
        grant: Grant,
        allowed: tuple[str, ...],
        access_token: str,
        now: datetime,
        forgery: str,
    ) -> str:
        facts = jwt_claims.of_id_token(
            grant, allowed, access_token, issuer=self._issuer(), now=now, life=ID_LIFE
        )
        return self._signer.sign(facts, kind="JWT", forgery=forgery)
