"""Calendar days in words, the same on pages, in titles, in mails and in messages."""

from datetime import date, datetime

from django.utils import dateformat

# How Django's formats spell them, for those that add a time of day.
SHORT = "j M Y"
_LONG = "j F Y"


def short_day(day: date) -> str:
    """Return a day as tables and titles write it: 3 Aug 2026."""
    return dateformat.format(day, SHORT)


def long_day(day: date) -> str:
    """Return a day as sentences write it: 3 August 2026."""
    return dateformat.format(day, _LONG)


def time_of(at: datetime, *, pattern: str = "g:i") -> str:
    """Return a time of day by its own clock, "9:05 am", which no line breaks before the "am"."""
    # Django's own "a" writes "a.m.".
    half = dateformat.format(at, "A").lower()
    return f"{dateformat.format(at, pattern)}\N{NO-BREAK SPACE}{half}"


def moment(at: datetime) -> str:
    """Return a moment as titles and sentences write it, by its own clock: 3 Aug 2026, 9:05 am."""
    return f"{short_day(at)}, {time_of(at)}"
