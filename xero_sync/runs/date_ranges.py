"""Which days people may choose for a re-sync, and where those days begin and end."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connected_apps.models import Organisation
from lrm import day_formats
from lrm.models import Portal
from xero_sync.models import RunWhat

LONGEST_RANGE = timedelta(days=3653)


class BadRange(Exception):
    """The dates cannot be re-synced; `field` is the one to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def today_of(*, portal: Portal, organisation: Organisation | None, now: datetime) -> date:
    """Return today's date where the books are kept."""
    return now.astimezone(zone_of(portal=portal, organisation=organisation)).date()


def zone_of(*, portal: Portal, organisation: Organisation | None) -> ZoneInfo:
    """Return the zone of the days that people choose: the organisation's, else the portal's."""
    return ZoneInfo((organisation.time_zone if organisation else "") or portal.time_zone)


def check_range(*, date_from: date, date_to: date, today: date, what: RunWhat) -> None:
    """Refuse a range that makes no sense, naming the field at fault.

    Documents may be dated ahead, and any number of years back. Learners are chosen by the days on
    which they were changed, which lie neither ahead nor that far back.

    :raises BadRange: end before start; of learners, in the future, or longer than ten years.
    """
    if date_to < date_from:
        raise BadRange(
            "date_to", "The end is before the start. Choose an end on or after the start."
        )
    if what != RunWhat.LEARNERS:
        return
    if date_from > today:
        raise BadRange(
            "date_from", f"This date is in the future. Today is {day_formats.long_day(today)}."
        )
    if date_to > today:
        raise BadRange(
            "date_to", f"This date is in the future. Today is {day_formats.long_day(today)}."
        )
    if date_to - date_from > LONGEST_RANGE:
        raise BadRange(
            "date_from", "This range is longer than ten years. Choose a later start, or two ranges."
        )
