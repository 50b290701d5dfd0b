"""`connect N`: make N portals, each connected to an organisation of its own.

The bells that a new connection rings are taken back, so that no worker starts before it should.
"""

import json
import sys

import redis
from django.conf import settings

from benchmarks.parts import product


def main(portals: int) -> None:
    """Connect, and print the portals' and organisations' ids."""
    made = product.connect(portals)
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
