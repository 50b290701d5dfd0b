"""Records by group, each group in an order of its own.

Updated at every change, so that the commonest questions (one type of document, between two dates,
ordered by id) are a slice or a pass over the right rows instead of a sort of all of them.
"""

import bisect
import operator
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

R = TypeVar("R")


class Grouped(Generic[R]):
    """Lists of records by the casefolded name of their group.

    :param order: names the fields that the lists are sorted by; together they are unique.
    """

    def __init__(self, group_of: Callable[[R], str], *order: str) -> None:
        self._group_of = group_of
        self._key = operator.attrgetter(*order)
        self._rows: dict[str, list[R]] = {}

    def load(self, rows: Iterable[R]) -> None:
        """Replace all rows."""
        self._rows = {}
        for row in sorted(rows, key=self._key):
            self._rows.setdefault(self._name(row), []).append(row)

    def of(self, name: str) -> list[R]:
        """Return a group's rows, to be read only; the letter case of the name does not matter."""
        return self._rows.get(name.casefold(), [])

    def swap(self, old: R | None, new: R | None) -> None:
        """Replace a row by its changed copy; None stands for no row before, or none after."""
        if old is not None:
            rows = self._rows[self._name(old)]
            del rows[bisect.bisect_left(rows, self._key(old), key=self._key)]
        if new is not None:
            bisect.insort(self._rows.setdefault(self._name(new), []), new, key=self._key)

    def _name(self, row: R) -> str:
        return self._group_of(row).casefold()
