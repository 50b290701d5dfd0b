"""Days in words."""

import datetime

import pytest

from lrm import day_formats


@pytest.mark.parametrize(
    ("day", "short", "long"),
    [
        (datetime.date(2026, 8, 3), "3 Aug 2026", "3 August 2026"),
        (datetime.date(2026, 9, 30), "30 Sep 2026", "30 September 2026"),
        (datetime.datetime(2026, 5, 1, 23, 59, tzinfo=datetime.UTC), "1 May 2026", "1 May 2026"),
    ],
)
def test_day_is_written_as_australians_do(day: datetime.date, short: str, long: str) -> None:
    assert day_formats.short_day(day) == short
    assert day_formats.long_day(day) == long
