"""The newest documents first: where a run that reads all of many years is cut in two parts.

What people ask for on the first day is of this year. So the last twelve months, and what is dated
ahead, are read and verified before anything older is asked for; what is older, and what has no
date, follows from the newest window back. A kind of few documents is not cut: it belongs to the
first part whole, so that the end of the first part means all kinds.

A cut costs calls: a page that is not full, and in a first sync the page that told how many there
are. A first sync gives those gladly. Every other run has its documents here already and is cut
only where the calls are one in fifty, and where what is stored tells how many there are.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from connected_apps import book_days
from xero_sync.models import SyncRun, SyncStep
from xero_sync.pull import date_windows
from xero_sync.resources import PAGE_SIZE

# How many years what is newest may reach, where Xero refuses to list all that is.
_YEARS_AHEAD = 2
# From so many documents of a kind on, in a first sync and in any other run.
MANY, MANY_STORED = 5 * PAGE_SIZE, 50 * PAGE_SIZE


def last_older_day(run: SyncRun) -> date:
    """Return the day after which the last twelve months begin, by the day the run was asked for."""
    today = today_of(run, now=run.requested_at)
    return a_year_before(today)


def today_of(run: SyncRun, *, now: datetime) -> date:
    """Return today's date where the books are kept."""
    return book_days.today_of(portal=run.portal, organisation=run.organisation, now=now)


def a_year_before(day: date) -> date:
    """Return the same day of the year before; of 29 February the day before."""
    if (day.month, day.day) == (2, 29):
        day = day.replace(day=28)
    return day.replace(year=day.year - 1)


def parts_of(
    step: SyncStep, window: date_windows.Window | None = None
) -> tuple[date_windows.Window, ...]:
    """Return the windows into which a step is cut by age, the newest first; none where it is not.

    Together they hold all that the step holds.

    :param window: of the step, where that is to be another than it has.
    """
    window = window or date_windows.of_step(step)
    day = last_older_day(step.run)
    if step.is_older or step.run.changed_from is not None or step.again_since is not None:
        return ()
    if not window.date_from <= day < window.date_to:
        return _without_far_future(window, day)
    if not step.run.is_first and window.date_from > a_year_before(day):
        return ()  # It is hardly longer than what would come first.
    older, newest = window.cut_after(day)
    return (newest, older, *window.undated_part())


def is_older(step: SyncStep, part: date_windows.Window) -> bool:
    """Return whether a part of a step that is cut by age waits for the newest."""
    return step.is_older or part.is_undated or part.date_to <= last_older_day(step.run)


def _without_far_future(window: date_windows.Window, day: date) -> tuple[date_windows.Window, ...]:
    """Cut off what is dated far ahead, which would take a dozen halves to be found empty."""
    ahead = day.replace(year=day.year + _YEARS_AHEAD, day=min(day.day, 28))
    is_newest = window.date_from == day + timedelta(days=1)
    return window.cut_after(ahead) if is_newest and ahead < window.date_to else ()


def is_worth_it(step: SyncStep, *, count: int, is_stored: bool) -> bool:
    """Return whether a step of so many documents is to be cut by age.

    :param is_stored: whether so many are stored here; else Xero has told.
    """
    is_many = count > MANY if step.run.is_first else is_stored and count > MANY_STORED
    return is_many and any(is_older(step, part) for part in parts_of(step))


def newest_is_verified(steps: Iterable[SyncStep]) -> bool:
    """Return whether the first part of a run that was cut is verified, and an older window is not.

    :param steps: all of the run.
    """
    verified = [(step.is_older, step.our_count is not None) for step in steps]
    return all(is_so for is_older, is_so in verified if not is_older) and (True, False) in verified
