"""What a passkey has to answer: random, kept in the session, for one purpose and one attempt.

It ends after five minutes, with the attempt that answers it, whatever comes of that, and when
another takes its place. What was asked for one purpose is answered for no other.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url

from lrm.models import User
from lrm.sign_in.authenticators import LIFE

SIGN_IN = "sign in"
# That it is the person who changes something about their second factor.
SURE = "sure"
ADD = "add"
_NAME = "challenge to {}"
_BYTES = 32


@dataclass(frozen=True)
class Challenge:
    """What was asked, and what was noted with it."""

    value: bytes
    note: str


def begin(
    *, request: HttpRequest, purpose: str, user: User, now: datetime, note: str = ""
) -> bytes:
    """Make a challenge in place of the one before."""
    challenge = secrets.token_bytes(_BYTES)
    request.session[_NAME.format(purpose)] = {
        "challenge": bytes_to_base64url(challenge),
        "user": user.pk,
        "at": now.timestamp(),
        "note": note,
    }
    return challenge


def spend(*, request: HttpRequest, purpose: str, user: User, now: datetime) -> Challenge | None:
    """Return the challenge that awaits an answer, which it does no more; None where none does."""
    kept = request.session.pop(_NAME.format(purpose), None)
    if kept is None:
        return None
    # At once: should the answer break something, it is spent all the same.
    request.session.save()
    is_in_time = now.timestamp() - kept["at"] <= LIFE.total_seconds()
    if not is_in_time or kept["user"] != user.pk:
        return None
    return Challenge(base64url_to_bytes(kept["challenge"]), kept["note"])


def forget(*, request: HttpRequest, purpose: str) -> None:
    """Await no answer any more."""
    request.session.pop(_NAME.format(purpose), None)
