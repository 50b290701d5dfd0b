"""Moments as sentences, mails and files write them: one clock, in a portal's own time zone.

"today at 9:14 pm", "tomorrow at 3:44 pm", "on 26 Nov at 9:14 pm". Pages show a moment alone by the
filter `when`, which says the same in a `<time>`.
"""

from datetime import datetime, tzinfo

from django.utils import dateformat

from lrm import day_formats

_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def clock(moment: datetime, *, zone: tzinfo) -> str:
    """Return the time of day: "9:14 pm"."""
    return day_formats.time_of(moment.astimezone(zone))


def clock_with_zone(moment: datetime, *, zone: tzinfo) -> str:
    """Return the time of day for readers who may be anywhere: "9:14 pm AEDT"."""
    return f"{clock(moment, zone=zone)} {moment.astimezone(zone).tzname()}"


def day(moment: datetime, *, now: datetime, zone: tzinfo) -> str:
    """Return the day: "today", "26 Nov", and with the year where that is another."""
    local, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    word = _DAYS.get((local - today).days)
    return word or dateformat.format(local, "j M" if local.year == today.year else "j M Y")


def at(moment: datetime, *, now: datetime, zone: tzinfo) -> str:
    """Return a moment inside a sentence: "today at 9:14 pm", "on 26 Nov at 9:14 pm"."""
    words = day(moment, now=now, zone=zone)
    on = "" if words in _DAYS.values() else "on "
    return f"{on}{words} at {clock(moment, zone=zone)}"


def short(moment: datetime, *, now: datetime, zone: tzinfo) -> str:
    """Return a moment by itself, as labels write it: "today, 9:14 pm", "26 Nov 2026, 9:14 pm"."""
    words = day(moment, now=now, zone=zone)
    if words not in _DAYS.values():
        words = day_formats.short_day(moment.astimezone(zone).date())
    return f"{words}, {clock(moment, zone=zone)}"


def in_full(moment: datetime, *, zone: tzinfo) -> str:
    """Return all there is to say of a moment: "Thursday 26 November 2026, 9:14:05 pm AEDT"."""
    local = moment.astimezone(zone)
    time = day_formats.time_of(local, pattern="g:i:s")
    return f"{dateformat.format(local, 'l j F Y')}, {time} {local.tzname()}"


def ago(moment: datetime, *, now: datetime) -> str:
    """Return how long ago it was, roughly: "just now", "2 min", "3 h", "5 days"."""
    seconds = (now - moment).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    days = int(seconds // 86400)
    if not days:
        return f"{int(seconds // 3600)} h"
    return f"{days} day{'' if days == 1 else 's'}"
