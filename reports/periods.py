"""Spans of time that accounts ask for by name: financial years and months."""

import calendar
import datetime
from dataclasses import dataclass
from datetime import date

from connected_apps import financial_years
from lrm import day_formats


@dataclass(frozen=True, slots=True)
class Period:
    """A named span; both ends belong to it."""

    name: str
    first: date
    last: date


def presets(today: date, *, year_end: financial_years.YearEnd) -> list[Period]:
    """Return the spans that one click asks for."""
    this_year = financial_years.year_of(today, year_end=year_end)
    last_year = financial_years.year_before(this_year[0], year_end=year_end)
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
