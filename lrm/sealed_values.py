"""Values that are kept encrypted, each bound to the place where it is kept.

AES-256-GCM: what was changed does not open, and neither does what was copied to another row, since
the place is part of what is authenticated. `TOKEN_ENCRYPTION_KEYS` holds 32 bytes each, newest
first; the key of the cipher and the id by which a value names its key are derived from them. The
first key seals, all of them open, so that a key is replaced without anybody noticing
(`manage.py rotate_token_keys`).

A sealed value is a byte for its form, the key's id, a nonce, and the text with its tag.
"""

import base64
import binascii
import functools
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# No text of the form before this one begins with it: those are base64.
FORM = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12
_HEAD_BYTES = len(FORM) + _ID_BYTES
_INFO = b"lrm.sealed_values AES-256-GCM"


class CannotOpen(Exception):
    """No key there is opens the value in this place."""


@dataclass(frozen=True)
class _Key:
    id: bytes
    cipher: AESGCM = field(repr=False)


def place_of(*, table: str, row: int, column: str, portal: int | None = None) -> str:
    """Return the one place of a value, as it is bound to it."""
    return f"{table}|{row}|{column}|{'' if portal is None else portal}"


def seal(text: str, *, place: str) -> bytes:
    """Return the text encrypted with the newest key, for this place alone."""
    key = _keys()[0]
    nonce = os.urandom(_NONCE_BYTES)
    head = FORM + key.id
    return head + nonce + key.cipher.encrypt(nonce, text.encode(), head + place.encode())


def unseal(stored: bytes | memoryview, *, place: str) -> str:
    """Return the text of a stored value.

    :raises CannotOpen: no key fits, or it was sealed for another place.
    """
    value = bytes(stored)
    head, rest = value[:_HEAD_BYTES], value[_HEAD_BYTES:]
    nonce, text = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
    key = next((one for one in _keys() if FORM + one.id == head), None)
    if key is None or len(nonce) < _NONCE_BYTES:
        raise CannotOpen
    try:
        return key.cipher.decrypt(nonce, text, head + place.encode()).decode()
    except InvalidTag:
        raise CannotOpen from None


def is_sealed(stored: bytes | memoryview) -> bool:
    """Return whether a stored value has this form at all."""
    return bytes(stored[:1]) == FORM


def _keys() -> tuple[_Key, ...]:
    return tuple(_derived(key) for key in settings.TOKEN_ENCRYPTION_KEYS)


@functools.cache
def _derived(key: str) -> _Key:
    try:
        given = base64.urlsafe_b64decode(key)
    except (binascii.Error, ValueError):
        given = b""
    if len(given) != 32:
        raise ImproperlyConfigured(
            "TOKEN_ENCRYPTION_KEYS must hold keys of 32 bytes in url-safe base64, newest first."
        )
    made = HKDF(algorithm=hashes.SHA256(), length=32 + _ID_BYTES, salt=None, info=_INFO)
    both = made.derive(given)
    return _Key(both[32:], AESGCM(both[:32]))
