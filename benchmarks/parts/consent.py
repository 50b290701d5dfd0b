"""`consent TENANT FILE`: consent once more and leave the tokens in a file, for another client."""

import json
import sys
from pathlib import Path

from django.conf import settings

from benchmarks.parts import product


def main(tenant: str, file: str) -> None:
    """Write what another client needs to sign in by itself."""
    given = product.consent([tenant])
    told = {
        "client_id": settings.XERO_CLIENT_ID,
        "client_secret": settings.XERO_CLIENT_SECRET,
        "tenant": tenant,
        "refresh_token": given["refresh_token"],
    }
    Path(file).write_text(json.dumps(told))
    print(json.dumps({"file": file}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
