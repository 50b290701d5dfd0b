"""Encryption of tokens at rest.

`TOKEN_ENCRYPTION_KEYS` holds Fernet keys, newest first: the first encrypts, all of them decrypt, so
that a key is replaced without anybody reconnecting (`manage.py rotate_token_keys`).
"""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from connected_apps import errors


def encrypt(text: str) -> bytes:
    """Return the text encrypted with the newest key."""
    return _keys().encrypt(text.encode())


def decrypt(stored: bytes | memoryview) -> str:
    """Return the text of a stored value.

    :raises errors.WrongTokenKey: where none of the keys fits.
    """
    try:
        return _keys().decrypt(bytes(stored)).decode()
    except InvalidToken as error:
        raise errors.WrongTokenKey(_NO_KEY_FITS) from error


def rotate(stored: bytes | memoryview) -> bytes:
    """Return a stored value encrypted anew with the newest key.

    :raises errors.WrongTokenKey: where none of the keys fits.
    """
    try:
        return _keys().rotate(bytes(stored))
    except InvalidToken as error:
        raise errors.WrongTokenKey(_NO_KEY_FITS) from error


_NO_KEY_FITS = (
    "A stored token cannot be decrypted: none of the keys in TOKEN_ENCRYPTION_KEYS made it. "
    "Put the key that was used back at the end of TOKEN_ENCRYPTION_KEYS."
)


def _keys() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in settings.TOKEN_ENCRYPTION_KEYS])
    except ValueError as error:
        raise ImproperlyConfigured(
            "TOKEN_ENCRYPTION_KEYS must hold Fernet keys (32 bytes, url-safe base64), newest first."
        ) from error
