"""What stands in the tokens: the claims as observers of Xero's own tokens have listed them."""

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from xero_simulator.identity.grants import Grant


def of_access_token(
    grant: Grant, allowed: tuple[str, ...], *, issuer: str, now: datetime, life: timedelta
) -> dict[str, Any]:
    """Return an access token's claims; only this one names the authentication event."""
    consent = grant.consent
    return _common(grant, issuer=issuer, now=now, life=life) | {
        "aud": f"{issuer}/resources",
        "client_id": consent.client_id,
        "jti": secrets.token_hex(16).upper(),
        "authentication_event_id": consent.authentication_event_id,
        "scope": list(allowed),
    }


def of_id_token(
    grant: Grant,
    allowed: tuple[str, ...],
    access_token: str,
    *,
    issuer: str,
    now: datetime,
    life: timedelta,
) -> dict[str, Any]:
    """Return an id token's claims: name and address only as far as the scopes allow."""
    person = grant.consent.person
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    facts = _common(grant, issuer=issuer, now=now, life=life) | {
        "aud": grant.consent.client_id,
        "iat": int(now.timestamp()),
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
    }
    if grant.consent.nonce is not None:
        facts["nonce"] = grant.consent.nonce
    if "email" in allowed:
        facts |= {"email": person.email, "preferred_username": person.email}
    if "profile" in allowed:
        facts |= {"given_name": person.given_name, "family_name": person.family_name}
    return facts


def _common(grant: Grant, *, issuer: str, now: datetime, life: timedelta) -> dict[str, Any]:
    user_id = grant.consent.person.user_id
    return {
        "nbf": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
        "iss": issuer,
        "sub": user_id.replace("-", ""),
        "auth_time": int(grant.consent.given_at.timestamp()),
        "xero_userid": user_id,
        "global_session_id": grant.session_id,
    }
