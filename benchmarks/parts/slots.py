"""`slots TIMES`: what a slot costs Valkey, taken and given back, by Valkey's own clock.

The books are of an organisation that has used most of its minute, as they are in a re-sync. Prints
the microseconds of Valkey's one thread for a slot.
"""

import json
import sys
import uuid

import redis
from django.conf import settings

from benchmarks.parts import product
from xero_sync.api import limits, rate_limiter

# What is left by Xero's word is more than by ours: nothing to correct, as is usual.
_HEADERS = {
    "X-MinLimit-Remaining": "60",
    "X-DayLimit-Remaining": "4000",
    "X-AppMinLimit-Remaining": "9000",
}
_MADE = 50


def main(times: int) -> None:
    """Measure so many slots, each in the fullest of minutes."""
    server = redis.Redis.from_url(settings.REDIS_URL)
    books = rate_limiter.Limiter(
        server=server,
        allowed=limits.Limits(60, 5000, 5, 10_000, 60.0),
        prefix="bench-slots:",
    )
    microseconds = 0.0
    rounds = max(1, times // _MADE)
    for _ in range(rounds):
        tenant_id = uuid.uuid4()
        before = _spent(server)
        for _ in range(_MADE):
            slot = books.acquire(tenant_id=tenant_id, lane=rate_limiter.Lane.PEOPLE)
            assert isinstance(slot, rate_limiter.Slot), slot
            books.release(slot, headers=_HEADERS, answered=True)
        microseconds += _spent(server) - before
    told = {"microseconds": microseconds / (rounds * _MADE), "on": str(product.clock().date())}
    print(json.dumps(told))


def _spent(server: redis.Redis) -> float:
    """Return the microseconds that Valkey has spent on scripts."""
    stats = server.info("commandstats")
    return float(stats.get("cmdstat_evalsha", {}).get("usec", 0))


if __name__ == "__main__":
    main(int(sys.argv[1]))
