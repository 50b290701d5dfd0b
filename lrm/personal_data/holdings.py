"""The holdings that apps register: what each keeps of a learner, gives out, and erases."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lrm.models import Learner


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What one app keeps of learners.

    :param give: returns it as values for JSON.
    :param erase: deletes what would not go with the learner's row, in the transaction of the
        erasure and before that row goes.
    :param stays: what is kept nevertheless and why, in whole sentences; empty where nothing is.
    """

    name: str
    give: Callable[[Learner], Any]
    erase: Callable[[Learner], None]
    stays: tuple[str, ...] = ()


_holdings: dict[str, Holding] = {}


def register(holding: Holding) -> None:
    """Add a holding; the same name again replaces the earlier one."""
    _holdings[holding.name] = holding


def all_of_them() -> list[Holding]:
    """Return every registered holding."""
    return list(_holdings.values())


def what_stays() -> list[str]:
    """Return what is kept after an erasure, and why, as sentences."""
    return [sentence for holding in _holdings.values() for sentence in holding.stays]
