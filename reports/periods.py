"""Financial years as Australian accounts count them: 1 July to 30 June."""

from datetime import date


def financial_year_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of the financial year that `day` lies in."""
    first = day.year if day.month >= 7 else day.year - 1
    return date(first, 7, 1), date(first + 1, 6, 30)
