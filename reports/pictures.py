"""The picture of a currency's months: bars of what was invoiced, and how much of it is settled.

It is made here as shapes with whole coordinates, so that the template draws SVG without a script
and without styles of its own. The same figures stand in a table beside it, to be read aloud.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reports.totals import ZERO, Month, OfCurrency

WIDTH, HEIGHT, FOOT = 720, 160, 22
# More than these stand year by year.
MOST_BARS = 36
# What is older than thirty years is in the tables of totals only.
MOST_MONTHS = 360
# Pictures on a page; other currencies have their tables.
MOST_PICTURES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One month, or one year: the shapes of its settled part and of what is due; its figures."""

    label: str
    short: str
    x: int
    width: int
    due_y: int
    due_height: int
    settled_y: int
    settled_height: int
    figures: Month
    middle: int
    is_labelled: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """All months of one currency."""

    currency: str
    bars: tuple[Bar, ...]
    highest: Decimal
    is_yearly: bool

    @property
    def title(self) -> str:
        """What it shows, for people who do not see it."""
        return f"{self.currency or 'No currency'} by {'year' if self.is_yearly else 'month'}"


def pictures_of(currencies: Iterable[OfCurrency], *, first: str) -> list[Picture]:
    """Return a picture for each currency that has any invoices, the organisation's own first."""
    shown = [one for one in currencies if any(month.invoiced for month in one.months.values())]
    shown.sort(key=lambda one: (one.currency != first, one.currency))
    dated = [month for one in shown for month in one.months]
    # One calendar for all of them, months without a document included.
    return [_picture(one, _calendar(min(dated), max(dated))) for one in shown]


def _picture(of_currency: OfCurrency, calendar: list[date]) -> Picture:
    months = [of_currency.months.get(first) or Month(first) for first in calendar]
    is_yearly = len(months) > MOST_BARS
    spans = _years(months) if is_yearly else months
    highest = max((span.invoiced for span in spans), default=ZERO) or Decimal(1)
    step = WIDTH / max(len(spans), 1)
    every = -(-len(spans) // 12)
    bars = tuple(
        _bar(span, place, step, highest, is_yearly=is_yearly, is_labelled=place % every == 0)
        for place, span in enumerate(spans)
    )
    return Picture(of_currency.currency, bars, highest, is_yearly)


def _bar(
    span: Month, place: int, step: float, highest: Decimal, *, is_yearly: bool, is_labelled: bool
) -> Bar:
    room = HEIGHT - FOOT
    settled = _height(span.settled, highest, room)
    due = _height(span.due, highest, room - settled)
    return Bar(
        label=f"{span.first:%Y}" if is_yearly else f"{span.first:%B %Y}",
        short=f"{span.first:%Y}" if is_yearly else f"{span.first:%b}",
        x=round(place * step + min(step * 0.15, 8)),
        width=max(1, round(min(step * 0.7, 48))),
        settled_y=room - settled,
        settled_height=settled,
        due_y=room - settled - due,
        due_height=due,
        figures=span,
        middle=round(place * step + min(step * 0.15, 8) + min(step * 0.7, 48) / 2),
        is_labelled=is_labelled,
    )


def _height(amount: Decimal, highest: Decimal, room: int) -> int:
    if amount <= 0:
        return 0
    return min(room, max(1, round(amount / highest * (HEIGHT - FOOT))))


def _calendar(first: date, last: date) -> list[date]:
    """Return the first days of the months from one to another; the latest where there are many."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    places = range(max(0, count - MOST_MONTHS), count)
    ahead = [first.month - 1 + place for place in places]
    return [date(first.year + months // 12, months % 12 + 1, 1) for months in ahead]


def _years(months: list[Month]) -> list[Month]:
    found: dict[int, Month] = {}
    for month in months:
        year = found.setdefault(month.first.year, Month(date(month.first.year, 1, 1)))
        year.invoiced += month.invoiced
        year.settled += month.settled
        year.due += month.due
        year.credits += month.credits
    return list(found.values())
