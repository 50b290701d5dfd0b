"""The picture of a balance over time: its geometry as plain numbers, for a template to draw.

A step line, since a balance stays as it is until something happens. The figures stand in a table
beside it, month by month, so the picture is never the only way to them.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import dateformat

from invoices import amounts
from invoices.pages.balance_history import History

WIDTH, HEIGHT = 720, 150
_LEFT, _TOP, _BOTTOM = 2, 4, 4
MOST_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Chart:
    """What a template draws."""

    currency: str
    line: str
    area: str
    zero: float
    # The highest and the lowest balance, and the first and the last month, in words.
    levels: tuple[str, str]
    days: tuple[str, str]
    months: tuple[tuple[str, Decimal], ...]
    summary: str


def chart_of(history: History, *, today: date) -> Chart:
    """Return the picture of a history up to today."""
    first = history.points[0][0]
    span = max((today - first).days, 1)
    values = [value for _, value in history.points]
    highest, lowest = max(*values, Decimal(0)), min(*values, Decimal(0))
    room = float(highest - lowest) or 1.0

    def across(day: date) -> float:
        return round(_LEFT + (WIDTH - 2 * _LEFT) * (day - first).days / span, 1)

    def down(value: Decimal) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * float(highest - value) / room, 1)

    zero = down(Decimal(0))
    steps = f"M{across(first)} {zero}" + "".join(
        f"H{across(day)}V{down(value)}" for day, value in history.points
    )
    line = f"{steps}H{across(today)}"
    peak = max(history.points, key=lambda point: point[1])
    return Chart(
        currency=history.currency,
        line=line,
        area=f"{line}V{zero}H{across(first)}Z",
        zero=zero,
        levels=(amounts.grouped(highest), amounts.grouped(lowest)),
        days=(dateformat.format(first, "M Y"), dateformat.format(today, "M Y")),
        months=tuple(_months(history, today)),
        summary=(
            f"{history.currency} balance from {dateformat.format(first, 'j M Y')} to today: "
            f"highest {amounts.grouped(peak[1])} on {dateformat.format(peak[0], 'j M Y')}, now "
            f"{amounts.grouped(values[-1])}."
        ),
    )


def _months(history: History, today: date) -> list[tuple[str, Decimal]]:
    """Return the balance at the end of each of the latest months, newest first."""
    found = []
    month = today.replace(day=1)
    following = today
    for _ in range(MOST_MONTHS):
        until = [value for day, value in history.points if day <= following]
        if not until:
            break
        found.append((dateformat.format(month, "M Y"), until[-1]))
        following = date.fromordinal(month.toordinal() - 1)
        month = following.replace(day=1)
    return found
