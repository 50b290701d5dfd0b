"""When a schedule is due next, by the clock of the portal."""

import calendar
import datetime
from zoneinfo import ZoneInfo

from reports.models import Cadence, ReportSchedule

DAY = datetime.timedelta(days=1)
WEEKDAYS = list(calendar.day_name)


def next_after(
    schedule: ReportSchedule, moment: datetime.datetime, *, zone: ZoneInfo
) -> datetime.datetime:
    """Return the first due time after a moment, in UTC.

    An hour that the clock leaves out in spring is the one after it; one that comes twice in autumn
    is the first.
    """
    day = moment.astimezone(zone).date()
    while True:
        if _falls_on(schedule, day):
            local = datetime.datetime.combine(day, datetime.time(schedule.hour), zone)
            due = local.astimezone(datetime.UTC)
            if due > moment:
                return due
        day += DAY


def in_words(schedule: ReportSchedule) -> str:
    """Return when it is due: "Every Monday at 8:00 am"."""
    hour = f"{schedule.hour % 12 or 12}:00 {'am' if schedule.hour < 12 else 'pm'}"
    if schedule.cadence == Cadence.WEEKLY:
        return f"Every {WEEKDAYS[schedule.weekday]} at {hour}"
    day = schedule.day_of_month
    when = "the last day" if day == 31 else f"day {day}"
    return f"Every month on {when} at {hour}"


def _falls_on(schedule: ReportSchedule, day: datetime.date) -> bool:
    if schedule.cadence == Cadence.WEEKLY:
        return day.weekday() == schedule.weekday
    return day.day == min(schedule.day_of_month, calendar.monthrange(day.year, day.month)[1])
