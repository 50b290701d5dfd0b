"""The identity service's key and the tokens it signs (RS256)."""

import time
from typing import Any

from joserfc import jwk, jwt


class Signer:
    """One RSA key for the life of the process and longer, also across a reset of the simulator."""

    def __init__(self) -> None:
        started = f"{time.time_ns():X}"
        self._key = jwk.RSAKey.generate_key(
            2048, {"kid": started, "use": "sig", "alg": "RS256"}, private=True
        )

    def snapshot(self) -> dict[str, Any]:
        """Return the key, its private part too, for a restart to restore."""
        return self._key.as_dict(private=True)

    def restore(self, key: dict[str, Any]) -> None:
        """Sign with that key from now on.

        :raises ValueError: it is no key.
        """
        self._key = jwk.RSAKey.import_key(key)

    def sign(self, claims: dict[str, Any], *, kind: str) -> str:
        """Return the claims as a compact JWT.

        :param kind: the `typ` of the header: `at+jwt` for access tokens, `JWT` for id tokens.
        """
        header = {"alg": "RS256", "kid": self._key.kid, "typ": kind}
        return jwt.encode(header, claims, self._key)

    def key_set(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        return {"keys": [self._key.as_dict(private=False)]}
