"""Claims that lapse: who works on a row says until when, and a killed worker's row comes free.

Services are told the time by their caller; the loops of a worker run on a clock they can be given
in tests.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, Q

Clock = Callable[[], datetime]
M = TypeVar("M", bound=Model)

# Longer than the longest call with its limits and the writing of a page, with room to spare.
LEASE = timedelta(seconds=90)

_LONGEST_BACK_OFF = 300.0


def claim(model: type[M], pk: int, *, now: datetime, **conditions: Any) -> M | None:
    """Return the row, now claimed, or None when another worker has it or it is not due."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    rows = model._default_manager.filter(free, pk=pk, **conditions)
    if not rows.update(claimed_until=now + LEASE):
        return None
    return model._default_manager.get(pk=pk)


class Lost(Exception):
    """Another worker has taken the row, or it was taken away; this worker drops it."""


def keep(row: Model, *, until: datetime | None, **changes: Any) -> None:
    """Write changes to a row that is still claimed as this worker claimed it last.

    :param row: as `claim` gave it; it remembers the claim, not the changes.
    :param until: how long it is claimed from now on; None gives it back.
    :raises Lost: it is not; the transaction of the caller must not be committed.
    """
    claimed = {"pk": row.pk, "claimed_until": getattr(row, "claimed_until")}  # noqa: B009
    if not type(row)._default_manager.filter(**claimed).update(claimed_until=until, **changes):
        raise Lost
    setattr(row, "claimed_until", until)  # noqa: B010 - of any model that is claimed


def back_off(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: 2, 4, 8 … seconds, at most 5 min."""
    return timedelta(seconds=min(2.0 ** min(attempts, 12), _LONGEST_BACK_OFF))
