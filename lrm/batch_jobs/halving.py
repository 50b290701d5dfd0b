"""Acting on many rows at once, so that one bad row stops none of the others."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import InterfaceError, OperationalError, transaction

T = TypeVar("T")
R = TypeVar("R")


def act(
    rows: Sequence[T], do: Callable[[Sequence[T]], R]
) -> tuple[list[R], list[tuple[T, Exception]]]:
    """Do something with all rows; where that fails, with each half of them, down to single rows.

    Each attempt is a savepoint of its own inside the caller's transaction. What the database
    itself is to blame for (it went away, a deadlock) is no row's fault and is raised.

    :return: the results of what went well, in the order of the rows, and the rows that failed by
        themselves with their errors.
    """
    if not rows:
        return [], []
    try:
        with transaction.atomic():
            return [do(rows)], []
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(rows) == 1:
            return [], [(rows[0], error)]
    middle = len(rows) // 2
    results, failed = act(rows[:middle], do)
    more, others = act(rows[middle:], do)
    return results + more, failed + others
