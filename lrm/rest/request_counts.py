"""How often the API is asked: so many requests a minute of a token or a person, and of an address.

Counts are rows, so that all web processes share them. One statement counts a request and says
whether there is room; a window begins with the first request after the last one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from lrm.models import ApiCount

_WINDOW = timedelta(minutes=1)
_KEEP = timedelta(hours=1)
_COUNT = """
INSERT INTO lrm_apicount AS kept (key, requests, since) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
    requests = CASE WHEN kept.since <= %s THEN 1 ELSE least(kept.requests, %s) + 1 END,
    since = CASE WHEN kept.since <= %s THEN excluded.since ELSE kept.since END
RETURNING requests, since
"""


@dataclass(frozen=True)
class Limit:
    """So many requests a minute of each of those that `kind` names."""

    kind: str
    a_minute: int


# A program that mirrors a portal asks a few times a second; of one address there may be several.
OF_HOLDER = Limit("holder", 300)
OF_ADDRESS = Limit("address", 600)


def seconds_to_wait(limit: Limit, whose: str, *, now: datetime) -> float:
    """Count a request; return 0 where it may go on, else when the next one may."""
    over = now - _WINDOW
    with connection.cursor() as cursor:
        key = f"{limit.kind}:{whose}"
        # Held at one above the limit: a flood must not count itself out of the column's range.
        cursor.execute(_COUNT, [key, now, over, limit.a_minute, over])
        requests, since = cursor.fetchone()
    if requests <= limit.a_minute:
        return 0.0
    return float(max(1.0, (since + _WINDOW - now).total_seconds()))


def forget_old(*, now: datetime) -> int:
    """Delete the counts that count for nothing any more; return how many."""
    return ApiCount.objects.filter(since__lt=now - _KEEP).delete()[0]
