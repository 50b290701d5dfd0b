"""An authenticator made of a key: it makes passkeys and uses them, or does so wrongly on purpose.

It writes what the standard (WebAuthn) asks for byte by byte, so that it shares no mistake with the
library that reads it.
"""

import base64
import hashlib
import html
import json
import re
import secrets
import struct
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from lrm.models import Passkey, User
from tests.support import builders, second_factors

ORIGIN = "http://localhost:8000"
DOMAIN = "localhost"
PAGE = "/account/second-factor/"
ADD = f"{PAGE}passkeys/add/"
CONFIRM = f"{PAGE}passkeys/confirm/"
CODE = "/sign-in/code/"
# The person is there and was verified; a key comes with it.
_PRESENT, _VERIFIED, _WITH_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One key pair. Whatever is named otherwise in a call is said wrongly there.

    :param count: how often it was used; None where it does not count, as most do not.
    """

    count: int | None = None
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: dict[str, Any], **wrong: Any) -> str:
        """Return the answer to what a browser is asked for a new passkey."""
        said = self._client_data(options, "webauthn.create", wrong)
        key = self.key.public_key().public_numbers()
        x, y = key.x.to_bytes(32), key.y.to_bytes(32)
        cose = _cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        made = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id + cose
        data = self._data(wrong, _WITH_KEY) + made
        attested = _cbor({"fmt": "none", "attStmt": {}, "authData": data})
        transports = ["internal", "nonsense"]
        return self._answer(clientDataJSON=said, attestationObject=attested, transports=transports)

    def use(self, options: dict[str, Any], **wrong: Any) -> str:
        """Return the answer to what a browser is asked for a passkey that is there."""
        said = self._client_data(options, "webauthn.get", wrong)
        if self.count is not None:
            self.count += 1
        data = self._data(wrong)
        key = wrong.get("key", self.key)
        signature = key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=said, authenticatorData=data, signature=wrong.get("signature", signature)
        )

    def _client_data(self, options: dict[str, Any], kind: str, wrong: dict[str, Any]) -> bytes:
        said = {
            "type": wrong.get("kind", kind),
            "challenge": wrong.get("challenge", options["challenge"]),
            "origin": wrong.get("origin", ORIGIN),
            "crossOrigin": False,
        }
        return json.dumps(said).encode()

    def _data(self, wrong: dict[str, Any], more: int = 0) -> bytes:
        domain = hashlib.sha256(wrong.get("domain", DOMAIN).encode()).digest()
        flags = wrong.get("flags", _PRESENT | _VERIFIED) | more
        return domain + struct.pack(">BI", flags, wrong.get("count", self.count or 0))

    def _answer(self, **response: Any) -> str:
        said = {
            name: _text(value) if isinstance(value, bytes) else value
            for name, value in response.items()
        }
        named = _text(self.credential_id)
        return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": said})


def options_on(page: str) -> dict[str, Any]:
    """Return what a page has the browser ask."""
    found = re.search(r'data-options="([^"]+)"', page)
    assert found is not None, page
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


def asked(client: Client, path: str = CODE) -> dict[str, Any]:
    """Return what a page has the browser ask of a passkey; the second step where none is named."""
    return options_on(client.get(path).content.decode())


def age_challenges(client: Client, by: timedelta) -> None:
    """Have whatever a session awaits be asked for earlier than it was."""
    session = SessionStore(client.session.session_key)
    kept = [name for name in session.load() if name.startswith("challenge to ")]
    assert kept
    for name in kept:
        session[name] |= {"at": session[name]["at"] - by.total_seconds()}
    session.save()


def asked_to_make(client: Client, name: str = "phone", **proof: str) -> dict[str, Any]:
    """Go as far as the page on which a passkey is made; return what the browser is asked."""
    answer = client.post(ADD, {"name": name, "password": builders.PASSWORD, **proof})
    assert answer.status_code == 200, answer.content.decode()
    return options_on(answer.content.decode())


def add_to(
    user: User, *, name: str = "phone", count: int | None = None, **proof: str
) -> tuple[Authenticator, list[str]]:
    """Add a passkey through the pages; return it and the recovery codes that came with it."""
    client, made = builders.client_of(user), Authenticator(count=count)
    options = asked_to_make(client, name, **proof)
    answer = client.post(CONFIRM, {"passkey": made.make(options)}, follow=True)
    user.refresh_from_db()
    assert Passkey.objects.filter(name=name, factor__user=user).exists(), answer.content.decode()
    return made, second_factors.recovery_codes_on(answer.content.decode())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _cbor(value: Any) -> bytes:
    """Return a value as CBOR, as far as it is needed here."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value)) + value.encode()
    return _head(5, len(value)) + b"".join(_cbor(k) + _cbor(v) for k, v in value.items())


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    if number < 256:
        return bytes([kind << 5 | 24, number])
    return bytes([kind << 5 | 25]) + struct.pack(">H", number)
