"""When a financial year begins and ends where the books are kept.

It is the organisation's own, as Xero says; where Xero has not said it, the portal's, which is July
to June unless somebody chose otherwise. Years of the report and of a re-sync go by it alike.
"""

import calendar
from datetime import date, timedelta

from connected_apps.models import Organisation
from lrm.models import Portal

YearEnd = tuple[int, int]


def year_end_of(portal: Portal, organisation: Organisation | None) -> YearEnd:
    """Return the month and the day on which a financial year ends."""
    month = organisation.financial_year_end_month if organisation else None
    if organisation is None or month is None:
        before = portal.financial_year_first_month - 1 or 12
        return before, 31
    return month, organisation.financial_year_end_day or 31


def year_of(day: date, *, year_end: YearEnd = (6, 30)) -> tuple[date, date]:
    """Return the first and the last day of the financial year that `day` lies in."""
    last = _end_in(day.year, year_end)
    if day > last:
        last = _end_in(day.year + 1, year_end)
    return _end_in(last.year - 1, year_end) + timedelta(days=1), last


def year_before(first: date, *, year_end: YearEnd = (6, 30)) -> tuple[date, date]:
    """Return the first and the last day of the financial year before the one that begins."""
    return year_of(first - timedelta(days=1), year_end=year_end)


def _end_in(year: int, year_end: YearEnd) -> date:
    month, day = year_end
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
