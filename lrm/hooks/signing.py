"""Signatures of the Standard Webhooks scheme: HMAC-SHA256 over id, timestamp and body.

The scheme: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
_BYTES = 32


def make_secret() -> str:
    """Return a new secret, as it is shown and given to libraries."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message by one secret."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(
    secret_values: Iterable[str], *, message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the headers of a message.

    :param secret_values: those that hold, newest first; a receiver needs to know one of them.
    :param timestamp: of this try, in seconds since 1970.
    """
    given = [
        signature(secret, message_id=message_id, timestamp=timestamp, body=body)
        for secret in secret_values
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(given),
    }
