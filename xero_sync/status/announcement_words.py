"""Instant updates over thirty days: a picture, tables, and a line on the card.

The picture is drawn here and is one SVG without script or style: events that came stand above the
line, changes that no event announced hang below it. So the two are told apart without colour, and
each has a scale of its own, since a few of the latter matter beside thousands of the former.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from connected_apps.models import Connection
from lrm import access
from xero_sync.webhooks import announcements
from xero_sync.webhooks.announcements import Day

WIDTH, ABOVE, BELOW = 600, 90, 45
_GAP = 4
# What is there at all can be seen.
_LEAST = 3


@dataclass(frozen=True)
class Bar:
    """A bar of the picture, in its own units."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """Bars from the oldest day to today, and what the longest of each sort stands for."""

    received: list[Bar]
    unannounced: list[Bar]
    most_received: int
    most_unannounced: int
    width: int = WIDTH
    height: int = ABOVE + BELOW
    axis: int = ABOVE


@dataclass(frozen=True)
class KindSums:
    """What came and what did not of one kind, over all days."""

    label: str
    received: int
    unannounced: int


def picture_of(days: Sequence[Day]) -> Picture:
    """Draw the days, the newest of which comes first in the sequence."""
    most_received = max((day.received_count for day in days), default=0)
    most_unannounced = max((day.unannounced_count for day in days), default=0)
    received, unannounced = [], []
    step = WIDTH // max(len(days), 1)
    for place, day in enumerate(reversed(days)):
        x = place * step + _GAP // 2
        if day.received_count:
            height = _height(day.received_count, most_received, ABOVE)
            received.append(Bar(x, ABOVE - height, step - _GAP, height))
        if day.unannounced_count:
            height = _height(day.unannounced_count, most_unannounced, BELOW)
            unannounced.append(Bar(x, ABOVE + 1, step - _GAP, height - 1))
    return Picture(received, unannounced, most_received, most_unannounced)


def sums_by_kind(days: Sequence[Day]) -> list[KindSums]:
    """Return what came and what did not, by kind, those with most events first."""
    received: Counter[str] = Counter()
    unannounced: Counter[str] = Counter()
    for day in days:
        received.update(day.received)
        unannounced.update(day.unannounced)
    labels = sorted({*received, *unannounced}, key=lambda label: (-received[label], label))
    return [KindSums(label, received[label], unannounced[label]) for label in labels]


def kinds_in_words(counts: dict[str, int]) -> str:
    """Return "3 invoices, 1 credit note", the most first; empty for none."""
    return ", ".join(
        f"{count:,} {label.lower().removesuffix('s') if count == 1 else label.lower()}"
        for label, count in sorted(counts.items(), key=lambda one: -one[1])
    )


def give_panel(
    request: access.SignedInRequest, connection: Connection, now: datetime
) -> SafeString | None:
    """Return the line below the card that leads to the page; None without an organisation."""
    if connection.organisation is None:
        return None
    count = announcements.unannounced_lately(connection.organisation, now=now)
    context = {"count": count, "days": announcements.DAYS}
    return render_to_string("xero_sync/announcements_panel.html", context, request)


def _height(count: int, most: int, room: int) -> int:
    return max(_LEAST, round(count / most * room))
