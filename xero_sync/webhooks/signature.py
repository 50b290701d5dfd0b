"""Whether a webhook's body was signed by Xero.

Xero signs the raw bytes of the body: base64 of HMAC-SHA256 under the webhook key, taken as plain
text (its webhook documentation). Signatures are compared before anything is parsed, in constant
time, with every configured key, so that keys can be changed without a gap.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence


def is_signed(*, body: bytes, signature: str, keys: Sequence[str]) -> bool:
    """Return whether the signature was made over exactly this body with one of the keys."""
    given = signature.encode()
    matches = [
        hmac.compare_digest(
            base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()), given
        )
        for key in keys
    ]
    return any(matches)
