"""Codes that work once: of an authenticator app (TOTP, RFC 6238), and for when that is lost.

An app's code stands for half a minute. Its clock may be one of those off, in either direction.
Recovery codes have 80 random bits, so that their plain digest tells nothing.
"""

import base64
import hashlib
import hmac
import io
import secrets
from datetime import datetime

import pyotp
import segno

DRIFT = 1
_SECONDS = 30
CODES = 10
_CODE_BYTES = 10
_GROUP = 4
# Of a typed code only letters and digits count, and it is no longer than a recovery code.
_MOST = 40


def new_secret() -> str:
    """Return the secret of a new app: 160 bits, as RFC 4226 recommends."""
    return pyotp.random_base32()


def address_for_app(*, secret: str, account: str, issuer: str) -> str:
    """Return the `otpauth:` address that an app takes the secret from."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def square_of(address: str) -> str:
    """Return the square (QR code) that an app's camera reads, as SVG without any style."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=False,
        omitsize=True,
        svgclass="square",
        lineclass=None,
        dark="#000",
        light="#fff",
    )
    return drawn.getvalue().decode()


def in_groups(text: str) -> str:
    """Return a secret or code in groups of four, as people read and type them."""
    return " ".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def cleaned(typed: str) -> str:
    """Return what counts of a typed code: people add spaces and dashes."""
    return "".join(one for one in typed[:_MOST].upper() if one.isascii() and one.isalnum())


def step_of(*, secret: str, code: str, now: datetime) -> int | None:
    """Return the half minute whose code this is; None where it is none of now.

    All that may fit are compared, whichever does, so that the time taken tells nothing.
    """
    app = pyotp.TOTP(secret)
    current = int(now.timestamp()) // _SECONDS
    fitting = [
        step
        for step in range(current - DRIFT, current + DRIFT + 1)
        if hmac.compare_digest(app.generate_otp(step), code)
    ]
    return max(fitting, default=None)


def new_recovery_codes() -> list[str]:
    """Return a person's recovery codes, to be shown once."""
    return [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode() for _ in range(CODES)]


def digest_of(code: str) -> str:
    """Return what is kept of a recovery code."""
    return hashlib.sha256(code.encode()).hexdigest()
