"""The books of an organisation: its records and counters, and how a record is put in place.

`Books` is the state and nothing else. What people do to it are functions over it, in
`document_operations`, `credit_operations` and `contact_operations`.
"""

import dataclasses
import datetime
import hashlib
import random
import uuid
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from xero_simulator import clock
from xero_simulator.ledger import grouped, records, tables

# The arrangements of documents: by type in the order of ids and of dates, and by contact.
TYPE, TYPE_BY_DATE, CONTACT = "type", "type by date", "contact"


def to_ms(instant: datetime.datetime) -> int:
    """Return an aware instant as Xero's milliseconds since 1970."""
    return int(instant.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime.datetime:
    """Return Xero's milliseconds since 1970 as an aware instant."""
    return datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.UTC)


@dataclasses.dataclass(frozen=True)
class Replayed:
    """Raw JSON elements served, as they stand, in place of the books."""

    documents: dict[str, list[dict[str, Any]]]
    contacts: list[dict[str, Any]]


@dataclasses.dataclass(frozen=True)
class BooksSnapshot:
    """What a restart restores: whatever differs from the seeded books."""

    documents: list[records.Document]
    contacts: list[records.Contact]
    counters: dict[str, int]
    rng: tuple[int, tuple[int, ...], float | None]
    replayed: Replayed | None


class BooksChange(NamedTuple):
    """One change of a record, as listeners are given it; `data` is what its webhook carries."""

    category: str
    record_id: str
    event_type: str
    at: datetime.datetime
    data: dict[str, Any] | None


class Books:
    """The tables of an organisation; every change passes here and is given to the listener."""

    def __init__(
        self,
        *,
        time: clock.Clock,
        rng: random.Random,
        zone: zoneinfo.ZoneInfo,
        base_currency: str,
        notify: Callable[[BooksChange], None],
    ) -> None:
        self.clock = time
        self.rng = rng
        self.zone = zone
        self.base_currency = base_currency
        self.invoices = _documents()
        self.credit_notes = _documents()
        self.overpayments = _documents()
        self.prepayments = _documents()
        self.tables: dict[str, tables.Table[records.Document]] = {
            records.INVOICES: self.invoices,
            records.CREDIT_NOTES: self.credit_notes,
            records.OVERPAYMENTS: self.overpayments,
            records.PREPAYMENTS: self.prepayments,
        }
        self.contacts: tables.Table[records.Contact] = tables.Table(
            number=lambda contact: contact.number, name=lambda contact: contact.name
        )
        self.replayed: Replayed | None = None
        self.counters: dict[str, int] = {}
        self.seeded_counters: dict[str, int] = {}
        self.seeded_digest = b""
        self._seeded_rng = rng.getstate()
        self._notify = notify
        self._pending: list[BooksChange] = []
        self._in_transaction = False

    @property
    def version(self) -> int:
        """Return a number that moves with every change."""
        return sum(each.version for each in self._all_tables())

    def today(self) -> datetime.date:
        """Return the calendar date in the organisation's own time zone."""
        return self.clock.now().astimezone(self.zone).date()

    def document(self, document_id: str) -> records.Document:
        """Return a document of any kind.

        :raises records.NotAllowed: there is none with that id.
        """
        for each in self.tables.values():
            if found := each.by_id.get(document_id):
                return found
        raise records.NotAllowed(f"There is no document {document_id}.")

    def contact(self, contact_id: str) -> records.Contact:
        """Return a contact.

        :raises records.NotAllowed: there is none with that id.
        """
        found = self.contacts.by_id.get(contact_id)
        if found is None:
            raise records.NotAllowed(f"There is no contact {contact_id}.")
        return found

    def documents(self) -> Iterator[records.Document]:
        """Yield every document, supplier ones too, kind by kind."""
        for each in self.tables.values():
            yield from each.ordered

    def new_id(self) -> str:
        """Return a fresh id out of the seeded generator."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def next_number(self, prefix: str) -> str:
        """Return the next number of a series, as `INV-0042`."""
        self.counters[prefix] = self.counters.get(prefix, 0) + 1
        return f"{prefix}-{self.counters[prefix]:04d}"

    def now_ms(self) -> int:
        """Return this instant in Xero's milliseconds."""
        return to_ms(self.clock.now())

    def store(self, document: records.Document, *, event: str = "UPDATE") -> None:
        """Put a changed or new document in place and announce it."""
        self.tables[document.kind].put(document)
        self._announce(records.CATEGORY_OF_KIND[document.kind], document.id, event, _data(document))

    def store_contact(self, contact: records.Contact, *, event: str = "UPDATE") -> None:
        """Put a changed or new contact in place and announce it."""
        self.contacts.put(contact)
        self._announce("CONTACT", contact.id, event, None)

    def load(
        self,
        contacts: Iterable[records.Contact],
        documents: Iterable[records.Document],
        counters: dict[str, int],
    ) -> None:
        """Load the seeded records: what `reset` goes back to."""
        self.contacts.load(contacts)
        by_kind: dict[str, list[records.Document]] = {kind: [] for kind in self.tables}
        for document in documents:
            by_kind[document.kind].append(document)
        for kind, rows in by_kind.items():
            self.tables[kind].load(rows)
        self.counters, self.seeded_counters = dict(counters), counters
        self._seeded_rng = self.rng.getstate()
        ids = "".join(one.id for each in self._all_tables() for one in each.ordered)
        self.seeded_digest = hashlib.sha256(ids.encode()).digest()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo everything, and announce nothing, if the block raises."""
        for each in self._all_tables():
            each.begin()
        counters, self._in_transaction = dict(self.counters), True
        done = False
        try:
            yield
            done = True
        finally:
            self._in_transaction = False
            for each in self._all_tables():
                each.end(keep=done)
            if not done:
                self.counters = counters
            pending, self._pending = self._pending if done else [], []
            for change in pending:
                self._notify(change)

    def replay(
        self,
        documents: dict[str, list[dict[str, Any]]],
        contacts: list[dict[str, Any]],
    ) -> None:
        """Serve these raw elements in place of the books, until the next reset."""
        self.replayed = Replayed(documents, contacts)

    def reset(self) -> None:
        """Go back to the seeded records."""
        self.replayed = None
        self.counters = dict(self.seeded_counters)
        self.rng.setstate(self._seeded_rng)
        for each in self._all_tables():
            each.reset()

    def snapshot(self) -> BooksSnapshot:
        """Return what a restart must restore."""
        return BooksSnapshot(
            documents=[one for each in self.tables.values() for one in each.changed()],
            contacts=self.contacts.changed(),
            counters=self.counters,
            rng=self.rng.getstate(),
            replayed=self.replayed,
        )

    def restore(self, snapshot: BooksSnapshot) -> None:
        """Go on from a snapshot, without notices; the books must be at their seeded start."""
        for contact in snapshot.contacts:
            self.contacts.put(contact)
        for document in snapshot.documents:
            self.tables[document.kind].put(document)
        self.counters = dict(snapshot.counters)
        self.rng.setstate(snapshot.rng)
        self.replayed = snapshot.replayed

    def _announce(
        self, category: str, record_id: str, event: str, data: dict[str, Any] | None
    ) -> None:
        change = BooksChange(category, record_id, event, self.clock.now(), data)
        if self._in_transaction:
            self._pending.append(change)
        else:
            self._notify(change)

    def _all_tables(self) -> Sequence[tables.Table[Any]]:
        return (*self.tables.values(), self.contacts)


def _documents() -> tables.Table[records.Document]:
    return tables.Table(
        groups={
            TYPE: grouped.Grouped(lambda document: document.type, "id"),
            TYPE_BY_DATE: grouped.Grouped(lambda document: document.type, "date", "id"),
            CONTACT: grouped.Grouped(lambda document: document.contact_id, "id"),
        },
        number=lambda document: document.number,
    )


def _data(document: records.Document) -> dict[str, Any] | None:
    """Return what the webhook of a newer category carries; invoices carry nothing."""
    if document.kind == records.INVOICES:
        return None
    data = {"Type": document.type, "Status": document.status}
    if document.kind != records.CREDIT_NOTES:
        updated = from_ms(document.updated_ms).replace(microsecond=0, tzinfo=None)
        data["UpdatedDateUTCString"] = f"{updated.isoformat()}Z"
    return data
