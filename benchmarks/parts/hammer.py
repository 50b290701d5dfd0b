"""`hammer PORTAL_SLUG SECONDS LANE`: make as many calls as the limiter gives leave for.

One of several processes that share the limiter: each asks for a page of one document again and
again, for so many seconds, and never waits longer than the limiter does.
"""

import json
import sys
import time

from benchmarks.parts import product
from connected_apps.models import Connection
from xero_sync.api import errors, rate_limiter, sessions
from xero_sync.resources import Resource


def main(slug: str, seconds: float, lane: str) -> None:
    """Print how many calls were made, and how many of them Xero refused."""
    connection = Connection.objects.get(portal__slug=slug)
    session = sessions.Session(
        connection_id=connection.pk, generation=connection.generation, lane=rate_limiter.Lane[lane]
    )
    made = refused = 0
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            session.list_page(Resource.INVOICE, page=1, page_size=1)
            made += 1
        except errors.RateLimited as wait:
            refused += wait.status == 429
            time.sleep(max(0.0, min(wait.retry_after, 0.05, ends - time.monotonic())))
    print(json.dumps({"made": made, "refused": refused, "on": str(product.clock().date())}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
