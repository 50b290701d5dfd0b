"""Xero's limits as numbers, from the settings, and the part of them that bulk work may use.

It also holds a limit of our own: how long a call may last. The call of a worker that was killed
counts for that long.
"""

from dataclasses import dataclass, replace

from django.conf import settings

from xero_sync.api.errors import LimitKind

CONNECT_SECONDS = 3.1
MINUTE_SECONDS = 60.0
DAY_SECONDS = 86_400.0
# Xero gives no time with a concurrent 429, as a place may be free at any moment.
CONCURRENT_SECONDS = 0.5
# Two clocks never run quite alike, and a window of ours must not be the shorter one.
_CLOCK_MARGIN = 1.005
# Of Xero's 60 calls a minute: bulk leaves 10, and of these 3 are never lent. One act of a person
# costs three at the most: a contact that is refused is looked up, and sent again.
_RESERVED, _NEVER_LENT = 6, 20
# The rest is back within a twelfth of a minute, five seconds.
_LOAN = 12


@dataclass(frozen=True)
class Limits:
    """How many calls: at once, a minute and a day for one organisation; a minute for the app.

    The windows are as long as our own clock sees them, which differs from a minute and a day only
    where the clock of a simulator runs faster. `lapse_seconds` is the longest a call can last.
    """

    minute: int
    day: int
    concurrent: int
    app_minute: int
    lapse_seconds: float
    minute_seconds: float = MINUTE_SECONDS
    day_seconds: float = DAY_SECONDS

    @property
    def minute_window(self) -> float:
        """The minute, a little longer than it is."""
        return self.minute_seconds * _CLOCK_MARGIN

    @property
    def minute_with_loan(self) -> int:
        """How many calls bulk may have in the last minute while nobody else calls."""
        return max(self.of_bulk().minute, self.minute - max(1, self.minute // _NEVER_LENT))

    @property
    def loan_seconds(self) -> float:
        """Within how many seconds each call that bulk borrows must have left the minute."""
        return self.minute_window / _LOAN

    def of_bulk(self) -> "Limits":
        """Return what bulk work may use; the rest is for people and events. Never nothing."""
        return replace(
            self,
            minute=max(1, self.minute - self.minute // _RESERVED),
            day=max(1, self.day - self.day // 10),
            concurrent=max(1, self.concurrent - 1),
            app_minute=max(1, self.app_minute - self.app_minute // 100),
        )

    def real_seconds(self, kind: LimitKind, retry_after: float) -> float:
        """Return how long by our clock to stay away after a 429 that named `retry_after`."""
        match kind:
            case "concurrent":
                return CONCURRENT_SECONDS
            case "day":
                return retry_after * self.day_seconds / DAY_SECONDS
            case _:
                return retry_after * self.minute_seconds / MINUTE_SECONDS


def from_settings() -> Limits:
    """Return the limits that the settings name."""
    return Limits(
        minute=settings.XERO_MINUTE_LIMIT,
        day=settings.XERO_DAY_LIMIT,
        concurrent=settings.XERO_CONCURRENT_LIMIT,
        app_minute=settings.XERO_APP_MINUTE_LIMIT,
        lapse_seconds=call_seconds(),
        minute_seconds=settings.XERO_MINUTE_SECONDS,
        day_seconds=settings.XERO_DAY_SECONDS,
    )


def read_seconds() -> float:
    """Return how long Xero may be silent in a call."""
    return float(settings.XERO_READ_SECONDS)


def call_seconds() -> float:
    """Return how long one call may last at most: connecting, the reply, the end of its body."""
    return CONNECT_SECONDS + 2.0 * read_seconds()
