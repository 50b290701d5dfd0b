"""Ranges of days that people ask for by name instead of by two dates."""

from datetime import date, timedelta

from django.db import models

from connected_apps import financial_years
from connected_apps.financial_years import YearEnd
from xero_sync.pull import date_windows


class Preset(models.TextChoices):
    """What can be chosen; `DATES` stands for the two dates of the form."""

    LAST_12_MONTHS = "12-months", "Last 12 months"
    THIS_YEAR = "this-year", "This financial year"
    LAST_YEAR = "last-year", "Last financial year"
    EVERYTHING = "everything", "Everything"
    DATES = "dates", "Choose dates"


def days_of(preset: str, *, today: date, year_end: YearEnd) -> tuple[date, date] | None:
    """Return the first and the last day of a preset; None for `DATES` and for what is none."""
    this_year = financial_years.year_of(today, year_end=year_end)
    match preset:
        case Preset.LAST_12_MONTHS:
            return today - timedelta(days=365), today
        case Preset.THIS_YEAR:
            return this_year
        case Preset.LAST_YEAR:
            return financial_years.year_before(this_year[0], year_end=year_end)
        case Preset.EVERYTHING:
            return date_windows.EARLIEST, date_windows.LATEST
        case _:
            return None
