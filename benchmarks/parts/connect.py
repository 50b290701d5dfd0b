"""`connect N`: make N portals, each connected to an organisation of its own.

What a new connection starts by itself (a first sync, a first sweep, messages for both) is taken
back, so that nothing runs but what is measured.
"""

import json
import sys
from datetime import timedelta

import redis
from django.conf import settings

from benchmarks.parts import product
from xero_sync.models import Cursor, RunState, SyncRun


def main(portals: int) -> None:
    """Connect, and print the portals' and organisations' ids."""
    made = product.connect(portals)
    # Ended and not removed: beat asks for a first sync where there was none.
    SyncRun.objects.update(state=RunState.DONE, finished_at=product.clock())
    Cursor.objects.update(next_due_at=product.clock() + timedelta(days=1))
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    told = [
        {
            "portal": one.portal_id,
            "slug": one.portal.slug,
            "organisation": one.organisation_id,
            "tenant": str(one.organisation.tenant_id) if one.organisation else "",
        }
        for one in made
    ]
    print(json.dumps({"portals": told}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
