"""Id tokens as Xero would never issue them, and as it may: what an app must refuse, and survive.

Each is made of a true one's claims, by a name that `POST /simulator/habits` sets as `id_token`.
"""

import base64
import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any

from joserfc import jwk, jwt
from joserfc.jwk import RSAKey

Claims = dict[str, Any]

_CHANGED: dict[str, Callable[[Claims], Claims]] = {
    "other_audience": lambda claims: claims | {"aud": "another-app"},
    "shared_audience": lambda claims: claims | {"aud": [claims["aud"], "another-app"]},
    "other_party": lambda claims: claims | {"azp": "another-app"},
    "other_issuer": lambda claims: claims | {"iss": "https://identity.example.com"},
    "expired": lambda claims: claims | {"exp": claims["iat"] - 3600},
    "endless": lambda claims: _without(claims, "exp"),
    "other_nonce": lambda claims: claims | {"nonce": secrets.token_urlsafe(16)},
    "other_access_token": lambda claims: claims | {"at_hash": secrets.token_urlsafe(16)},
    # What is not known of Xero: whether it gives back a nonce at all.
    "no_nonce": lambda claims: _without(claims, "nonce"),
}
ABSENT = "absent"
NAMES = (*_CHANGED, "unsigned", "public_key_as_secret", "unknown_key", "foreign_key", ABSENT)


def forged(name: str, claims: Claims, *, key: RSAKey, header: dict[str, Any]) -> str:
    """Return a token that is wrong, or odd, as the name says."""
    if change := _CHANGED.get(name):
        claims = change(claims)
    if name == "unsigned":
        return f"{_unsigned(header | {'alg': 'none'}, claims)}."
    if name == "public_key_as_secret":
        text = _unsigned(header | {"alg": "HS256"}, claims)
        signature = hmac.digest(key.as_pem(private=False), text.encode(), "sha256")
        return f"{text}.{_base64(signature)}"
    if name == "unknown_key":
        other = jwk.RSAKey.generate_key(2048, {"kid": "unknown"}, private=True)
        return jwt.encode(header | {"kid": "unknown"}, claims, other)
    if name == "foreign_key":
        other = jwk.RSAKey.generate_key(2048, {"kid": key.kid or ""}, private=True)
        return jwt.encode(header, claims, other)
    return jwt.encode(header, claims, key)


def _unsigned(header: dict[str, Any], claims: Claims) -> str:
    # By hand: a library that knows its trade makes no such tokens.
    return f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"


def _base64(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _without(claims: Claims, name: str) -> Claims:
    return {one: value for one, value in claims.items() if one != name}
