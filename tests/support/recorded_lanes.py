"""Which lane each call took, told by the server that keeps the limiter's books.

The limiter names what the lane may use with each question. Valkey repeats all that it is asked.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import redis
from django.conf import settings

from xero_sync.api import limits
from xero_sync.api.rate_limiter import Lane


@contextlib.contextmanager
def recorded() -> Iterator[Counter[Lane]]:
    """Count the questions for a slot by lane; the counts are there once the block has ended."""
    found: Counter[Lane] = Counter()
    with redis.Redis.from_url(settings.REDIS_URL) as server, server.monitor() as told:
        yield found
        last = uuid4().hex
        server.echo(last)
        database = server.get_connection_kwargs()["db"]
        for command in told.listen():
            words = str(command["command"]).split(" ")
            if words[-1] == last:
                break
            if str(command["db"]) == str(database) and "acquire" in words:
                found[_lane(words[words.index("acquire") + 2])] += 1


def _lane(minute: Any) -> Lane:
    """Return whose part of the minute this is."""
    allowed = limits.from_settings()
    return {allowed.minute: Lane.PEOPLE, allowed.of_bulk().minute: Lane.BULK}[int(minute)]
