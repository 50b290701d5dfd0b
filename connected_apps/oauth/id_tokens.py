"""Whether an id token is Xero's, meant for us, of now, and of this attempt to connect.

OpenID Connect Core, 3.1.3.7: signed by a key that Xero publishes (RS256 alone, so that neither an
unsigned token nor one signed with the public key as a secret counts), issued by Xero for this app,
not over, with the nonce of this attempt, and for the access token that came with it.

Nobody documents whether Xero puts a nonce into its tokens. So one that is there must be ours, and
one that is missing is let pass: the code is tied to this attempt by PKCE and `state` as well.
`nbf` and `iat` are not looked at: they could only keep people out whose server's clock is behind.

The keys are kept in this process for a day; a token that names another key has them asked for
again, since Xero may change its keys at any time. Each such token has cost a code, so nobody can
have us ask much.
"""

import base64
import hashlib
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings
from joserfc import jwk, jwt
from joserfc.errors import InvalidKeyIdError, JoseError

from connected_apps import errors

logger = logging.getLogger(__name__)

ALGORITHMS = ["RS256"]
KEPT_SECONDS = 86_400.0
# By how much two clocks may differ.
LEEWAY_SECONDS = 60
_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class Published:
    """What Xero publishes of itself."""

    issuer: str
    keys: jwk.KeySet
    read_at: float


_kept: dict[str, Published] = {}


def prepare(*, timeout: tuple[float, float]) -> None:
    """Have the keys at hand, before a code is used up that could not be asked for again.

    :raises errors.IdentityUnavailable: Xero did not tell them.
    """
    _published(timeout=timeout)


def claims_of(
    token: str, *, nonce: str, access_token: str, timeout: tuple[float, float]
) -> dict[str, Any]:
    """Return the claims of a token that came with a code.

    :raises errors.IdTokenRefused: it is not what it must be; the reason is for the log.
    :raises errors.IdentityUnavailable: Xero did not tell its keys.
    """
    published = _published(timeout=timeout)
    try:
        claims = _decoded(token, published, timeout=timeout)
        wanted = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": published.issuer},
            aud={"essential": True, "value": settings.XERO_CLIENT_ID},
            exp={"essential": True},
        )
        wanted.validate({name: claims[name] for name in ("iss", "aud", "exp") if name in claims})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        # The kind alone: the words may quote the token.
        raise errors.IdTokenRefused(type(error).__name__) from None
    if wrong := _wrong_with(claims, nonce=nonce, access_token=access_token):
        raise errors.IdTokenRefused(wrong)
    return claims


def _decoded(token: str, published: Published, *, timeout: tuple[float, float]) -> dict[str, Any]:
    try:
        return dict(jwt.decode(token, published.keys, algorithms=ALGORITHMS).claims)
    except InvalidKeyIdError:
        anew = _published(timeout=timeout, not_read_at=published.read_at)
        return dict(jwt.decode(token, anew.keys, algorithms=ALGORITHMS).claims)


def _wrong_with(claims: dict[str, Any], *, nonce: str, access_token: str) -> str:
    party = claims.get("azp")
    is_shared = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (party is not None or is_shared) and party != settings.XERO_CLIENT_ID:
        return "meant for another app as well"
    if not _is_or_is_missing(claims, "nonce", nonce):
        return "of another attempt"
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    digest = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    return "" if _is_or_is_missing(claims, "at_hash", digest) else "of another access token"


def _is_or_is_missing(claims: dict[str, Any], name: str, value: str) -> bool:
    if name not in claims:
        return True
    return secrets.compare_digest(str(claims[name]).encode(), value.encode())


def _published(*, timeout: tuple[float, float], not_read_at: float | None = None) -> Published:
    """Return what is kept, or what Xero says now where that is old, or the one that did not do."""
    address = f"{settings.XERO_IDENTITY_URL}{_DISCOVERY}"
    kept, now = _kept.get(address), time.monotonic()
    if kept is not None and now - kept.read_at < KEPT_SECONDS and kept.read_at != not_read_at:
        return kept
    try:
        about = _json_at(address, timeout=timeout)
        keys = [key for key in _json_at(about["jwks_uri"], timeout=timeout)["keys"] if _is_rsa(key)]
        found = Published(str(about["issuer"]), jwk.KeySet.import_key_set({"keys": keys}), now)
    except requests.RequestException as error:
        raise errors.IdentityUnavailable(f"Xero's keys: {type(error).__name__}") from None
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise errors.IdentityUnavailable("Xero's keys are not readable") from None
    _kept[address] = found
    return found


def _json_at(address: str, *, timeout: tuple[float, float]) -> dict[str, Any]:
    response = requests.get(address, timeout=timeout, allow_redirects=False)
    response.raise_for_status()
    return dict(response.json())


def _is_rsa(key: dict[str, Any]) -> bool:
    return key.get("kty") == "RSA" and key.get("use", "sig") == "sig"
