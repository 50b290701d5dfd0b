"""What a consent is, and the grant that comes of it."""

import base64
import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True)
class Person:
    """Who signed in: what an id token may say of a person."""

    user_id: str
    email: str
    given_name: str
    family_name: str


@dataclass(frozen=True)
class Consent:
    """One press of *Allow access*, waiting behind its authorization code."""

    person: Person
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    authentication_event_id: str
    code_challenge: str | None
    nonce: str | None
    given_at: datetime

    def takes(self, verifier: str | None) -> bool:
        """Return whether a code verifier fits the challenge, where one was sent."""
        if self.code_challenge is None:
            return True
        # RFC 7636 knows none that is shorter or longer.
        if verifier is None or not 43 <= len(verifier) <= 128:
            return False
        digest = hashlib.sha256(verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.code_challenge


@dataclass
class Grant:
    """What one consent gave: a chain of refresh tokens, and the figures tests ask for."""

    consent: Consent
    grant_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    session_id: str = field(default_factory=lambda: secrets.token_hex(16))
    alive: bool = True
    refreshes: int = 0
    issued: int = 0
    last_issued_at: datetime | None = None
    access_expires_at: datetime | None = None


class RefreshTokenSnapshot(NamedTuple):
    """A refresh token as a restart restores it, with the id of its grant."""

    grant_id: str
    issued_at: datetime
    rotated_at: datetime | None
