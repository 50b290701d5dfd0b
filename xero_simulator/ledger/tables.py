"""Records of one kind, in Xero's default order, with savepoint and reset.

Xero lists by UpdatedDateUTC, then by id, unless a query asks for another order. Because that order
is updated at every change, a page of 1,000 out of 100,000 is a slice instead of a sort.
"""

import bisect
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from xero_simulator.ledger import grouped


class Record(Protocol):
    """What a table needs of a record."""

    id: str
    updated_ms: int


R = TypeVar("R", bound=Record)


def default_order(record: Record) -> tuple[int, str]:
    """Return the sort key of Xero's default order."""
    return record.updated_ms, record.id


class Table(Generic[R]):
    """Immutable records by id and by other keys, with the state before each first change.

    `groups` are further arrangements, updated at every change. `keys` names functions that return a
    record's number or name; look-ups by them ignore case.
    """

    def __init__(
        self,
        *,
        groups: Mapping[str, grouped.Grouped[R]] | None = None,
        **keys: Callable[[R], str],
    ) -> None:
        self._keys = keys
        self._ids: dict[str, dict[str, list[str]]] = {name: {} for name in keys}
        self.by_id: dict[str, R] = {}
        self.ordered: list[R] = []
        self.grouped = groups or {}
        self.version = 0
        self._before: dict[str, R | None] = {}
        self._savepoint: dict[str, R | None] | None = None

    def load(self, records: Iterable[R]) -> None:
        """Load the seeded records: the state that `reset` goes back to."""
        for record in records:
            self.by_id[record.id] = record
            self._index(record)
        self.ordered = sorted(self.by_id.values(), key=default_order)
        for each in self.grouped.values():
            each.load(self.ordered)
        self._before.clear()

    def put(self, record: R) -> None:
        """Store a new record, or a changed copy in place of the old."""
        old = self.by_id.get(record.id)
        self._before.setdefault(record.id, old)
        if self._savepoint is not None:
            self._savepoint.setdefault(record.id, old)
        self._swap(old, record)

    def find(self, key: str, value: str) -> list[R]:
        """Return the records that have this value for one of the table's keys."""
        return [self.by_id[record_id] for record_id in self._ids[key].get(value.casefold(), ())]

    def begin(self) -> None:
        """Set a savepoint."""
        self._savepoint = {}

    def end(self, *, keep: bool) -> None:
        """Drop the savepoint; unless what changed since is to be kept, go back to it."""
        states, self._savepoint = self._savepoint or {}, None
        if not keep:
            self._restore(states)

    def reset(self) -> None:
        """Go back to the loaded records."""
        before, self._before = self._before, {}
        self._restore(before)

    def changed(self) -> list[R]:
        """Return the records that are new or different since they were loaded."""
        return [self.by_id[each] for each in self._before if each in self.by_id]

    def _restore(self, states: dict[str, R | None]) -> None:
        for record_id, old in states.items():
            self._swap(self.by_id.get(record_id), old)

    def _swap(self, old: R | None, new: R | None) -> None:
        self.version += 1
        for each in self.grouped.values():
            each.swap(old, new)
        if old is not None:
            at = bisect.bisect_left(self.ordered, default_order(old), key=default_order)
            del self.ordered[at]
            del self.by_id[old.id]
            self._unindex(old)
        if new is not None:
            bisect.insort(self.ordered, new, key=default_order)
            self.by_id[new.id] = new
            self._index(new)

    def _index(self, record: R) -> None:
        for name, value_of in self._keys.items():
            if value := value_of(record):
                self._ids[name].setdefault(value.casefold(), []).append(record.id)

    def _unindex(self, record: R) -> None:
        for name, value_of in self._keys.items():
            if value := value_of(record):
                self._ids[name][value.casefold()].remove(record.id)
