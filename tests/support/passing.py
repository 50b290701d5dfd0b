"""Time that passes when told, for workers' turns and for the limiter's books alike."""

from datetime import UTC, datetime, timedelta

import redis
from django.conf import settings

from tests.support import limiting


class Time:
    """A clock for workers, which begins a little later than now and then stands still."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) + timedelta(minutes=2)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.now += timedelta(seconds=seconds)
        with redis.Redis.from_url(settings.REDIS_URL) as server:
            limiting.Books(server, "xero-limiter:").let_pass(seconds)
