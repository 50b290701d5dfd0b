"""Spans of time that accounts ask for by name: financial years and months.

When a financial year ends is the organisation's own, as Xero says; where Xero has not said it, the
portal's, which is July to June unless somebody chose otherwise.
"""

import calendar
import datetime
from dataclasses import dataclass
from datetime import date

from connected_apps.models import Organisation
from lrm import day_formats
from lrm.models import Portal


@dataclass(frozen=True, slots=True)
class Period:
    """A named span; both ends belong to it."""

    name: str
    first: date
    last: date


def year_end_of(portal: Portal, organisation: Organisation | None) -> tuple[int, int]:
    """Return the month and the day on which a financial year ends."""
    month = organisation.financial_year_end_month if organisation else None
    if organisation is None or month is None:
        before = portal.financial_year_first_month - 1 or 12
        return before, 31
    return month, organisation.financial_year_end_day or 31


def financial_year_of(day: date, *, year_end: tuple[int, int] = (6, 30)) -> tuple[date, date]:
    """Return the first and the last day of the financial year that `day` lies in."""
    last = _end_in(day.year, year_end)
    if day > last:
        last = _end_in(day.year + 1, year_end)
    return _end_in(last.year - 1, year_end) + datetime.timedelta(days=1), last


def presets(today: date, *, year_end: tuple[int, int]) -> list[Period]:
    """Return the spans that one click asks for."""
    this_year = financial_year_of(today, year_end=year_end)
    last_year = financial_year_of(this_year[0] - datetime.timedelta(days=1), year_end=year_end)
    month = today.replace(day=1)
    month_before = (month - datetime.timedelta(days=1)).replace(day=1)
    return [
        Period("This financial year", *this_year),
        Period("Last financial year", *last_year),
        Period("This month", month, _month_end(month)),
        Period("Last month", month_before, _month_end(month_before)),
    ]


def in_words(first: date | None, last: date | None) -> str:
    """Return a span as a heading says it: "1 Jul 2026 to 30 Jun 2027"."""
    if first and last:
        return f"{day_formats.short_day(first)} to {day_formats.short_day(last)}"
    if first:
        return f"From {day_formats.short_day(first)}"
    return f"Until {day_formats.short_day(last)}" if last else "All dates"


def _month_end(first: date) -> date:
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _end_in(year: int, year_end: tuple[int, int]) -> date:
    month, day = year_end
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
