"""Reading the claims inside an access token, without checking its signature.

That is sound for one reason only: it comes straight from Xero's token endpoint over TLS, never
through a browser. Nothing read here decides what anybody may do; it tells which organisation was
just chosen. The id token beside it is verified (`id_tokens`), and names the access token's digest.
"""

import base64
import binascii
import json
from typing import Any


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a JWT, or none at all where it is not one."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    payload = parts[1] + "=" * (-len(parts[1]) % 4)
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def text_claim(claims: dict[str, Any], name: str) -> str:
    """Return a claim as text, empty where it is missing or not text."""
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def person_named_by(claims: dict[str, Any]) -> str:
    """Return the name, else the e-mail address, that an id token gives its user."""
    names = (text_claim(claims, "given_name"), text_claim(claims, "family_name"))
    full_name = " ".join(name for name in names if name)
    return full_name or text_claim(claims, "name") or text_claim(claims, "email")
