"""Finding the windows in which counts differ: parts of the calendar, counted in few calls.

First comes what lies before and after all that is stored here, then halves of what differs. What
Xero counts in the last part follows from the whole and the other parts, so each cut costs one call.
One document that is missing is found in about a dozen of them.
"""

from collections.abc import Callable
from datetime import date, timedelta

from xero_sync.pull.date_windows import Window

# Windows no longer than this are not cut.
NARROW = timedelta(days=45)
# Where more windows differ they are read as one: looking for each would cost more calls than it
# saves.
FEW = 3

InXero = Callable[[Window], int | None]
Here = Callable[[Window], int]
_Counts = dict[Window, int]


def find(
    whole: Window,
    count: int,
    ends: tuple[date | None, date | None],
    in_xero: InXero,
    here: Here,
) -> list[Window]:
    """Return the few narrow windows in which counts differ, or one that holds them all.

    :param count: how many Xero counts in the whole.
    :param ends: the first and the last date of what is stored here, None where nothing is.
    Xero's call errors pass through. What it gives no count of is not looked into.
    """
    counts = _cut_at(whole, count, ends, in_xero)
    while True:
        differing = {part: there for part, there in counts.items() if there != here(part)}
        if len(differing) > FEW:
            first, last = min(differing), max(differing)
            return [Window(whole.resource, first.date_from, last.date_to)]
        if all(window.days <= NARROW for window in differing):
            return list(differing)
        counts = {}
        for window, there in differing.items():
            counts |= _halved(window, there, in_xero)


def _cut_at(
    whole: Window, count: int, ends: tuple[date | None, date | None], in_xero: InXero
) -> _Counts:
    """Return Xero's counts before, between and after the ends."""
    first, last = ends
    if first is None or last is None or not whole.date_from < first <= last < whole.date_to:
        return {whole: count}
    before, rest = whole.cut_after(first - timedelta(days=1))
    between, after = rest.cut_after(last)
    in_before, in_between = in_xero(before), in_xero(between)
    if in_before is None or in_between is None:
        return {}
    return {before: in_before, between: in_between, after: count - in_before - in_between}


def _halved(window: Window, count: int, in_xero: InXero) -> _Counts:
    if window.days <= NARROW:
        return {window: count}
    first, second = window.halves()
    in_first = in_xero(first)
    return {} if in_first is None else {first: in_first, second: count - in_first}
