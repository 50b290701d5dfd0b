"""Checks of the JSON script of a fault; what is wrong comes back as a sentence for its author."""

from collections.abc import Callable, Mapping
from typing import Any

_MOST_SECONDS = 10**7
Check = tuple[str, Callable[[Any], bool], str]


def wrong_with(script: Mapping[str, Any]) -> str:
    """Return what makes no sense of a script, or nothing; names are for `Faults.add` to know."""
    if wrong := _first_wrong(script, _OF_SCRIPT):
        return wrong
    if wrong := _first_wrong(script.get("match") or {}, _OF_MATCH):
        return wrong
    answer = script.get("answer") or {}
    answers = answer if isinstance(answer, list) else [answer]
    return next(filter(None, (_first_wrong(one, _OF_ANSWER) for one in answers)), "")


def _first_wrong(given: Mapping[str, Any], checks: tuple[Check, ...]) -> str:
    return next(
        (sentence for name, good, sentence in checks if name in given and not good(given[name])), ""
    )


def _is_times(value: Any) -> bool:
    return _is_whole(value) and value >= -1


def _is_status(value: Any) -> bool:
    """Return whether a status may be answered; 0 leaves it as it is."""
    return _is_whole(value) and (value == 0 or 200 <= value <= 599)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_seconds(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= _MOST_SECONDS


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_body(value: Any) -> bool:
    return isinstance(value, str | None)


def _is_match(value: Any) -> bool:
    return isinstance(value, dict | None)


def _is_answer(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, dict) for one in value)
    return isinstance(value, dict | None)


def _are_headers(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


_OF_SCRIPT: tuple[Check, ...] = (
    ("times", _is_times, "The times of a fault are a whole number, or -1 for ever."),
    ("match", _is_match, "The match of a fault is an object."),
    ("answer", _is_answer, "The answer of a fault is an object, or a list of some."),
)
_OF_MATCH: tuple[Check, ...] = tuple(
    (name, _is_text, f"The {name} that a fault matches is text.")
    for name in ("path", "query", "method", "tenant", "host", "sent", "holds")
)
_OF_ANSWER: tuple[Check, ...] = (
    ("status", _is_status, "The status of a fault is one of HTTP's, from 200 to 599."),
    *(
        (name, _is_seconds, f"The {name} of a fault are a number from 0 to {_MOST_SECONDS}.")
        for name in ("delay_seconds", "late_seconds")
    ),
    *((name, _is_text, f"The value {name} of a fault is text.") for name in ("named", "cut")),
    ("body", _is_body, "The body of a fault is text."),
    ("headers", _are_headers, "The headers of a fault are an object of texts."),
)
