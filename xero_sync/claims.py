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


def back_off(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: 2, 4, 8 … seconds, at most 5 min."""
    return timedelta(seconds=min(2.0 ** min(attempts, 12), _LONGEST_BACK_OFF))
