"""Moments are written the same everywhere, by the portal's clock."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from lrm import moments
from lrm.templatetags import shell

SYDNEY = ZoneInfo("Australia/Sydney")
# 8:00 pm on 22 November in Sydney.
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def unbroken(words: str) -> str:
    """Return the words with times of day that no line breaks."""
    return re.sub(r"(?<=\d) (?=[ap]m)", "\N{NO-BREAK SPACE}", words)


@pytest.mark.parametrize(
    ("moment", "inside", "alone"),
    [
        (NOW, "today at 8:00 pm", "today, 8:00 pm"),
        (NOW + timedelta(hours=19, minutes=44), "tomorrow at 3:44 pm", "tomorrow, 3:44 pm"),
        (NOW - timedelta(hours=21), "yesterday at 11:00 pm", "yesterday, 11:00 pm"),
        (NOW - timedelta(days=3), "on 19 Nov at 8:00 pm", "19 Nov 2026, 8:00 pm"),
        (NOW + timedelta(days=90), "on 20 Feb 2027 at 8:00 pm", "20 Feb 2027, 8:00 pm"),
    ],
)
def test_moment_is_told_by_its_day_and_clock(moment: datetime, inside: str, alone: str) -> None:
    assert moments.at(moment, now=NOW, zone=SYDNEY) == unbroken(inside)
    assert moments.short(moment, now=NOW, zone=SYDNEY) == unbroken(alone)


def test_moment_is_told_with_its_zone_to_readers_who_may_be_anywhere() -> None:
    winter = datetime(2026, 7, 1, 0, 5, tzinfo=UTC)

    assert moments.clock_with_zone(NOW, zone=SYDNEY) == unbroken("8:00 pm AEDT")
    assert moments.clock_with_zone(winter, zone=SYDNEY) == unbroken("10:05 am AEST")
    assert moments.in_full(NOW, zone=SYDNEY) == unbroken("Sunday 22 November 2026, 8:00:00 pm AEDT")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=2, seconds=30), "2 min"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=40), "40 days"),
    ],
)
def test_age_is_told_roughly(span: timedelta, words: str) -> None:
    assert moments.ago(NOW - span, now=NOW) == words


def test_pages_say_whose_clock_it_is_and_show_the_moment_in_full() -> None:
    with timezone.override("Australia/Broken_Hill"):
        shown = shell.when(datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))

        assert shell.zone_note() == "Times are Broken Hill time."
    assert shown == unbroken(
        '<time datetime="2020-01-02T13:34:05+10:30" '
        'title="Thursday 2 January 2020, 1:34:05 pm ACDT">2 Jan 2020, 1:34 pm</time>'
    )
