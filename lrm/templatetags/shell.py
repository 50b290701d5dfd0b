"""Small pieces that pages of every app share: icons, status words, moments in time."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from lrm import day_formats, moments, panels

register = template.Library()

NOTHING = "\u2013"

# Looks of a status; the icon and the word carry the meaning for people who do not see the colour.
_STATUS_ICONS = {"ok": "check", "warn": "warning", "bad": "stop", "idle": "dash", "busy": "refresh"}


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Return a decorative icon of the sprite; text beside it must say what it means."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra,
        staticfiles_storage.url("lrm/icons.svg"),
        name,
    )


@register.simple_tag
def status(kind: str, text: str) -> SafeString:
    """Return a status pill. `kind` is one of ok, warn, bad, idle, busy."""
    return format_html(
        '<span class="status status-{}">{}<span>{}</span></span>',
        kind,
        icon(_STATUS_ICONS[kind]),
        text,
    )


@register.simple_tag(takes_context=True)
def learner_cards(context: dict[str, Any]) -> SafeString:
    """Return what other apps have to say of the `learner` of a page."""
    request = context["request"]
    cards = (
        card.render(request, context["learner"]) for card in panels.learner_cards(request.user)
    )
    return format_html_join("", "{}", ((html,) for html in cards if html))


@register.filter
def alternatives(people: Sequence[object]) -> str:
    """Return the names of people of whom any will do: "A, B or C"."""
    *first, last = map(str, people)
    return f"{', '.join(first)} or {last}" if first else last


@register.filter
def all_of(things: Sequence[object]) -> str:
    """Return things in one line: "A, B and C"."""
    *first, last = map(str, things)
    return f"{', '.join(first)} and {last}" if first else last


@register.filter
def email(address: str) -> SafeString:
    """Return an e-mail address that breaks behind its @ where it has to; a dash for none."""
    if not address:
        return format_html(NOTHING)
    name, at, domain = address.rpartition("@")
    return format_html("{}{}<wbr>{}", name, at, domain)


@register.filter
def when(moment: datetime | None) -> str:
    """Return a moment in the portal's time zone as a `<time>`; a dash where there is none.

    "today, 9:14 pm", "26 Nov 2026, 9:14 pm"; the pointer shows it to the second, with its zone.
    """
    if moment is None:
        return NOTHING
    zone = timezone.get_current_timezone()
    return _time(moment, moments.short(moment, now=timezone.now(), zone=zone))


def at(moment: datetime, now: datetime) -> SafeString:
    """Return a moment inside a sentence as a `<time>`: "today at 9:14 pm"."""
    return _time(moment, moments.at(moment, now=now, zone=timezone.get_current_timezone()))


@register.filter
def clock(moment: datetime) -> str:
    """Return a moment as a `<time>` by the clock alone: "8:47 am"."""
    return _time(moment, moments.clock(moment, zone=timezone.get_current_timezone()))


@register.simple_tag
def this_moment() -> str:
    """Return now, by the portal's clock: "3 Aug 2026, 9:05 am"."""
    return day_formats.moment(timezone.localtime())


@register.simple_tag
def zone_note() -> str:
    """Return which clock a page's moments are read from: "Times are Sydney time."."""
    place = timezone.get_current_timezone_name().rpartition("/")[2].replace("_", " ")
    return f"Times are {place} time."


@register.filter
def day(value: date | None) -> str:
    """Return a calendar date as a `<time>`; a dash where there is none."""
    if value is None:
        return NOTHING
    return format_html(
        '<time datetime="{}">{}</time>', value.isoformat(), day_formats.short_day(value)
    )


def _time(moment: datetime, words: str) -> SafeString:
    zone = timezone.get_current_timezone()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        timezone.localtime(moment).isoformat(),
        moments.in_full(moment, zone=zone),
        words,
    )
