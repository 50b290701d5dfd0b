"""What Valkey keeps of this test process, forgotten: calls that were counted, messages, rings."""

import redis
from django.conf import settings


def forget_all() -> None:
    """Let Valkey have lost everything, as if days had passed."""
    # Left to the collector, the line might be found open by whatever test runs by then.
    with redis.Redis.from_url(settings.REDIS_URL) as server:
        server.flushdb()
