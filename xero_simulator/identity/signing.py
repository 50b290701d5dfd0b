"""The identity service's key and the tokens it signs (RS256)."""

import time
from typing import Any

from joserfc import jwk, jwt

from xero_simulator.identity import forgeries


class Signer:
    """One RSA key for the life of the process and longer, also across a reset of the simulator."""

    def __init__(self) -> None:
        self._key = _new_key()

    def change_key(self) -> None:
        """Sign with a new key from now on, and publish no other."""
        self._key = _new_key()

    def snapshot(self) -> dict[str, Any]:
        """Return the key, its private part too, for a restart to restore."""
        return self._key.as_dict(private=True)

    def restore(self, key: dict[str, Any]) -> None:
        """Sign with that key from now on.

        :raises ValueError: it is no key.
        """
        self._key = jwk.RSAKey.import_key(key)

    def sign(self, claims: dict[str, Any], *, kind: str, forgery: str = "") -> str:
        """Return the claims as a compact JWT.

        :param kind: the `typ` of the header: `at+jwt` for access tokens, `JWT` for id tokens.
        :param forgery: how it is wrong.
        """
        header = {"alg": "RS256", "kid": self._key.kid, "typ": kind}
        if forgery:
            return forgeries.forged(forgery, claims, key=self._key, header=header)
        return jwt.encode(header, claims, self._key)

    def key_set(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        return {"keys": [self._key.as_dict(private=False)]}


def _new_key() -> jwk.RSAKey:
    return jwk.RSAKey.generate_key(
        2048, {"kid": f"{time.time_ns():X}", "use": "sig", "alg": "RS256"}, private=True
    )
