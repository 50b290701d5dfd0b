"""Calendar days in words, the same on pages, in titles, in mails and in messages."""

from datetime import date

from django.utils import dateformat


def short_day(day: date) -> str:
    """Return a day as tables and titles write it: 3 Aug 2026."""
    return dateformat.format(day, "j M Y")


def long_day(day: date) -> str:
    """Return a day as sentences write it: 3 August 2026."""
    return dateformat.format(day, "j F Y")
