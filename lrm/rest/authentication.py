"""Who asks: the person whose token came with the request, else whoever is signed in.

A token comes in the header `Authorization: Bearer …` alone; addresses stand in logs. A wrong one
counts among its address's attempts to sign in, so that both are locked out together. A right one is
always taken: nobody guesses 256 bits, and a stranger behind the same address must not be able to
stop somebody's program.
"""

import logging
from typing import Any

from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from lrm.models import ApiToken, User
from lrm.rest import tokens
from lrm.sign_in import attempt_limits

logger = logging.getLogger(__name__)


class TokenAuthentication(authentication.BaseAuthentication):
    """Takes the token of a program."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the person and the token; None where none came.

        :raises AuthenticationFailed: it is not known, has ended or expired.
        :raises Throttled: the same, after many such attempts from this address.
        """
        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = timezone.now()
        token = tokens.holder_of(secret.strip(), now=now)
        if token is None:
            raise _refusal(str(request.META.get("REMOTE_ADDR", "")))
        tokens.note_use(token, now=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return what a refused program is told to send."""
        return 'Bearer realm="api"'


class SessionAuthentication(authentication.SessionAuthentication):
    """Takes the session of a browser; what changes something also needs its CSRF token."""

    def authenticate_header(self, request: Request) -> Any:
        """Return what to send instead: a browser would ask for a password if it said nothing."""
        return 'Bearer realm="api"'


def _refusal(address: str) -> exceptions.APIException:
    now = timezone.now()
    verdict = attempt_limits.count_unnamed(address=address, now=now)
    logger.warning("A token that opens nothing came from %s", address)
    if verdict.free_at is not None:
        return exceptions.Throttled(wait=max(1.0, (verdict.free_at - now).total_seconds()))
    return exceptions.AuthenticationFailed(
        "This token opens nothing: it is not known here, has ended or has expired. Make another "
        "one under Your account > API tokens."
    )
