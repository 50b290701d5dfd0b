"""How to reach Valkey, which may refuse or hang: whoever asks waits about a second, never longer.

redis-py by itself tries four times with sleeps between. Here one more try at once mends a
connection that the server closed meanwhile; one that hangs is not tried again. Nor does a server
that became a replica hang up: it refuses every change, for ever, by each connection that was made
before its address led to the new primary. So such a refusal closes the connection, too.
"""

import redis
import redis.backoff
import redis.retry
from django.conf import settings

TIMEOUT_SECONDS = 1.0
# Of what a page only shows, and can do without. It answers in far less than a millisecond.
GLANCE_SECONDS = 0.1


def make_client(url: str = "", *, timeout: float = TIMEOUT_SECONDS) -> redis.Redis:
    """Return a client with connections of its own, to the Valkey of the settings by default.

    :param timeout: how many seconds one call may wait for an answer.
    """
    return redis.Redis.from_url(
        url or settings.REDIS_URL,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=once_more(redis.ConnectionError, redis.ReadOnlyError),
    )


def once_more(*errors: type[Exception]) -> redis.retry.Retry:
    """Return what has a connection made anew at these errors, and its command sent again once."""
    return redis.retry.Retry(redis.backoff.NoBackoff(), 1, supported_errors=errors)
