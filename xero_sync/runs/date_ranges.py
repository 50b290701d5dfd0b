"""Which days people may choose for a re-sync."""

from datetime import date, timedelta

from lrm import day_formats
from xero_sync.models import RunWhat

LONGEST_RANGE = timedelta(days=3653)


class BadRange(Exception):
    """The dates cannot be re-synced; `field` is the one to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


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
