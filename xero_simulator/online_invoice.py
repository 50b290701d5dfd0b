"""The address of an invoice's public page, and the way back from it.

Xero gives every approved sales invoice an unguessable public address. Here the address is a
reversible mask of the invoice's id, so that no registry is needed however many the books hold.
"""

import base64
import binascii
import hashlib
import uuid

_MASK = hashlib.sha256(b"xero_simulator online invoice").digest()[:16]


def online_url(public_url: str, invoice_id: str) -> str:
    """Return the public page of an invoice.

    :param public_url: where the simulator is reached, without a closing slash.
    :param invoice_id: the invoice's UUID in text.
    """
    return f"{public_url}/online/{token_of(invoice_id)}"


def token_of(invoice_id: str) -> str:
    """Return the 22 letters and digits (URL-safe base64) which stand for an invoice's id."""
    masked = _mask(uuid.UUID(invoice_id).bytes)
    return base64.urlsafe_b64encode(masked).rstrip(b"=").decode()


def invoice_id_of(token: str) -> str | None:
    """Return the invoice id a token stands for, or None where the text is no token."""
    try:
        masked = base64.urlsafe_b64decode(token + "==")
    except (binascii.Error, ValueError):
        return None
    if len(masked) != len(_MASK):
        return None
    return str(uuid.UUID(bytes=_mask(masked)))


def _mask(value: bytes) -> bytes:
    return bytes(byte ^ key for byte, key in zip(value, _MASK, strict=True))
