"""What browsers are asked about passkeys, and what authenticators answer (WebAuthn).

Nothing here knows rows: who owns a passkey and whether an answer was given before is asked by
`passkeys`. An answer comes from outside, so whatever a parser stumbles over in it is a no, and of
what it says nothing is logged.
"""

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from lrm.models import Passkey

logger = logging.getLogger(__name__)

# No longer than the challenge counts.
LIFE = timedelta(minutes=5)
MOST = 20_000
# What the standard allows.
_LONGEST_ID = 1023
_MILLISECONDS = int(LIFE.total_seconds() * 1000)
_ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# Which browsers leave out.
_PORTS = {"http": 80, "https": 443}
_TRANSPORTS = {one.value for one in AuthenticatorTransport}


@dataclass(frozen=True)
class NewKey:
    """What an authenticator says of a passkey that it has made."""

    credential_id: bytes
    public_key: bytes
    transports: list[str]
    sign_count: int


def origin() -> str:
    """Return where our pages stand, as browsers say it: scheme, host and port."""
    address = urlsplit(settings.PUBLIC_URL)
    port = "" if address.port in {None, _PORTS.get(address.scheme)} else f":{address.port}"
    return f"{address.scheme}://{domain()}{port}"


def domain() -> str:
    """Return whose passkeys they are (the RP id): the host of our pages, and no other."""
    return urlsplit(settings.PUBLIC_URL).hostname or ""


def to_make(
    *,
    challenge: bytes,
    site: str,
    handle: bytes,
    account: str,
    person: str,
    known: Iterable[Passkey],
) -> str:
    """Return what a browser is asked so that a passkey is made, as JSON.

    :param handle: tells the person's account from others without saying whose it is.
    :param known: the person's passkeys: no authenticator needs a second one.
    """
    options = webauthn.generate_registration_options(
        rp_id=domain(),
        rp_name=site,
        user_id=handle,
        user_name=account,
        user_display_name=person,
        challenge=challenge,
        timeout=_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(known),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return webauthn.options_to_json(options)


def to_use(*, challenge: bytes, known: Iterable[Passkey]) -> str:
    """Return what a browser is asked so that one of these passkeys is used, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=domain(),
        challenge=challenge,
        timeout=_MILLISECONDS,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


def made(answer: str, *, challenge: bytes) -> NewKey | None:
    """Return the passkey that an answer to `to_make` brings; None where anything is wrong."""
    said = _read(answer)
    try:
        found = webauthn.verify_registration_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=domain(),
            expected_origin=origin(),
            supported_pub_key_algs=_ALGORITHMS,
        )
    except Exception as error:
        logger.info("A new passkey was not accepted: %s", type(error).__name__)
        return None
    if len(found.credential_id) > _LONGEST_ID:
        return None
    named = said.get("response", {}).get("transports")
    ways = [one for one in named if one in _TRANSPORTS] if isinstance(named, list) else []
    return NewKey(found.credential_id, found.credential_public_key, ways, found.sign_count)


def id_in(answer: str) -> bytes | None:
    """Return the id of the passkey that an answer to `to_use` says it is of."""
    named = _read(answer).get("rawId")
    try:
        return webauthn.base64url_to_bytes(named) if isinstance(named, str) else None
    except ValueError:
        return None


def count_in(answer: str, *, challenge: bytes, public_key: bytes) -> int | None:
    """Return the count of an answer to `to_use`; None where anything is wrong with it.

    Whether the count goes forward is the caller's to ask: in the statement that keeps it.
    """
    try:
        return webauthn.verify_authentication_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=domain(),
            expected_origin=origin(),
            credential_public_key=public_key,
            credential_current_sign_count=0,
        ).new_sign_count
    except Exception as error:
        logger.info("An answer of a passkey was not accepted: %s", type(error).__name__)
        return None


def _read(answer: str) -> dict[str, Any]:
    try:
        said = json.loads(answer) if len(answer) <= MOST else None
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}


def _descriptors(known: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(one.credential_id),
            transports=[AuthenticatorTransport(way) for way in one.transports] or None,
        )
        for one in known
    ]
