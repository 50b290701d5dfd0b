"""Ranges of days that people ask for by name instead of by two dates.

A financial year begins on 1 July, as Australian accounts count it.
"""

from datetime import date, timedelta

from django.db import models

from xero_sync.pull import date_windows

_FIRST_MONTH = 7


class Preset(models.TextChoices):
    """What can be chosen; `DATES` stands for the two dates of the form."""

    LAST_12_MONTHS = "12-months", "Last 12 months"
    THIS_YEAR = "this-year", "This financial year"
    LAST_YEAR = "last-year", "Last financial year"
    EVERYTHING = "everything", "Everything"
    DATES = "dates", "Choose dates"


def days_of(preset: str, *, today: date) -> tuple[date, date] | None:
    """Return the first and the last day of a preset; None for `DATES` and for what is none."""
    year = today.year if today.month >= _FIRST_MONTH else today.year - 1
    match preset:
        case Preset.LAST_12_MONTHS:
            return today - timedelta(days=365), today
        case Preset.THIS_YEAR:
            return date(year, _FIRST_MONTH, 1), _last_day(year)
        case Preset.LAST_YEAR:
            return date(year - 1, _FIRST_MONTH, 1), _last_day(year - 1)
        case Preset.EVERYTHING:
            return date_windows.EARLIEST, date_windows.LATEST
        case _:
            return None


def is_one(dates: tuple[str, str], *, today: date) -> bool:
    """Return whether two dates, as a form sends them, are the days of any preset."""
    found = (days_of(preset, today=today) for preset in Preset)
    return any(days and tuple(day.isoformat() for day in days) == dates for days in found)


def _last_day(year: int) -> date:
    """Return the last day of the financial year that begins in a year."""
    return date(year + 1, _FIRST_MONTH, 1) - timedelta(days=1)
