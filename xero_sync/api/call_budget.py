"""How fast sweeps and events may spend an organisation's calls, so that minute and day last.

The limiter refuses only once a limit is used up, and then it refuses everybody. This module slows
down those who could use a limit up although no person asked: it slows sweeps by the day's limit,
and events by the minute's limit and by what is left of the day.

*Sweeps.* An idle sweep costs one call for each kind. All healthy kinds together may use a third of
the day, and those whose webhooks do not arrive a half. At the worst that leaves a sixth, of which
bulk work may still use a part. At 5,000 calls a day five kinds may be swept every 260 seconds, at
1,000 every 22 minutes.

*Events.* A fifth of the minute's calls may be spent on a trickle that does not end: at 60 a minute
that is one call in five seconds. Once half of the day is used up, calls are as far apart as if a
whole day's were spread evenly over a day. Once only a fifth is left, they are four times as far
apart.

*Reading anew.* Some changes move no time stamp, so what is open is read anew all day long, by a
twentieth of the day's calls. Nothing of it is done once less than half of the day is left.
"""

from datetime import timedelta
from uuid import UUID

import redis

from xero_sync.api import limits, rate_limiter

HEALTHY_SHARE = 1 / 3
UNHEALTHY_SHARE = 1 / 2
_ANEW_SHARE = 1 / 20
# Rounds a day.
_ANEW_ROUNDS = 24
_TRICKLE_SHARE = 1 / 5
_HALF, _LITTLE = 1 / 2, 1 / 5
_WHERE_LITTLE_IS_LEFT = 4


def of_sweeps(*, kinds: int, share: float) -> timedelta:
    """Return how far apart the sweeps of so many kinds must be to use this share of a day."""
    allowed = limits.from_settings()
    return timedelta(seconds=kinds * allowed.day_seconds / (share * allowed.day))


def of_events(*, tenant_id: UUID) -> timedelta:
    """Return how far apart the calls for a lasting trickle of events must be at present."""
    allowed = limits.from_settings()
    within_minute = allowed.minute_seconds / (_TRICKLE_SHARE * allowed.minute)
    return timedelta(seconds=max(within_minute, _within_day(allowed, tenant_id)))


def of_readings_anew(*, tenant_id: UUID) -> tuple[int, timedelta]:
    """Return how many calls a round of reading anew may make now, and when the next one is due."""
    allowed = limits.from_settings()
    calls = max(1, int(_ANEW_SHARE * allowed.day / _ANEW_ROUNDS))
    apart = timedelta(seconds=allowed.day_seconds / _ANEW_ROUNDS)
    try:
        left = rate_limiter.shared().books_of(tenant_id).day_left
    except redis.RedisError:
        left = 0
    return (calls if left >= _HALF * allowed.day else 0), apart


def _within_day(allowed: limits.Limits, tenant_id: UUID) -> float:
    try:
        left = rate_limiter.shared().books_of(tenant_id).day_left
    except redis.RedisError:
        # The limiter makes no call without its books either.
        return 0.0
    if left >= _HALF * allowed.day:
        return 0.0
    evenly = allowed.day_seconds / allowed.day
    return evenly if left >= _LITTLE * allowed.day else evenly * _WHERE_LITTLE_IS_LEFT
