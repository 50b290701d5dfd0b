"""A trickle of events that does not end is throttled, because one call an event would be too many.

Another app that posts one invoice a second makes one event a second: fetched one by one they would
use up the minute, in which bulk work counts these calls too, and in ninety minutes the day. So an
inbox remembers what it spent and forgets it bit by bit. A third of a minute's calls may be made at
once, so a single event is never kept waiting; after that there is a pause for each call (five
seconds at 60 calls a minute, longer when the day runs low), in which events pile up and are then
fetched forty a call. Only the inbox's own calls count.
"""

from datetime import datetime, timedelta

from xero_sync.api import limits
from xero_sync.models import Inbox

FREE_SHARE = 1 / 3
# However much one fetch has cost, the next waits no longer than so many pauses.
_MOST_PAUSES = 3


def spend(inbox: Inbox, *, calls: int, pause: timedelta, now: datetime) -> timedelta:
    """Note on the inbox, which the caller saves, what was spent; return how long to wait now.

    :param pause: how far apart the calls of a lasting trickle must be (`call_budget.of_events`).
    """
    free = max(1.0, FREE_SHARE * limits.from_settings().minute)
    most = free - 1 + _MOST_PAUSES
    remembered = 0.0
    if inbox.spent_at is not None and pause:
        remembered = max(0.0, inbox.spent - max(timedelta(0), now - inbox.spent_at) / pause)
    inbox.spent, inbox.spent_at = min(most, remembered + calls), now
    return pause * max(0.0, inbox.spent - (free - 1))
