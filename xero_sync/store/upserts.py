"""Rows into Postgres: COPY into a temporary table, then one upsert that only newer versions pass.

A version replaces the stored one when its UpdatedDateUTC is later, or when it is the same and the
content differs and was read no earlier: some changes in Xero (a due date on a part-paid invoice)
do not move UpdatedDateUTC. It also replaces a stored row whose columns differ from its own (line
items are not compared): that row was altered here, or mapped by an older release. Unchanged rows
are not rewritten. Rows are upserted in the order of their ids, so that two workers on the same
documents wait for each other instead of deadlocking. What is replaced of documents is kept, see
`replaced_versions`.

Nothing here commits: the caller holds the transaction, and commits rows and checkpoint together.
"""

import functools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from invoices.models import ReadBy
from xero_sync.resources import Resource
from xero_sync.store import (
    columns,
    currency_totals,
    mapping,
    prepared_pages,
    quarantine,
    replaced_versions,
)
from xero_sync.store.differing import Differing

# Which version may replace the one that is stored; `altered` compares the other columns.
NEWER = """
    stored.updated_at < EXCLUDED.updated_at
    OR (stored.updated_at = EXCLUDED.updated_at AND stored.read_at <= EXCLUDED.read_at
        AND (stored.digest <> EXCLUDED.digest OR {altered}))
"""
# Rows of up to a block wait uncompressed: most are thrown away as unchanged, and what is kept the
# table compresses by its own method.
_STAGED = "WITH (toast_tuple_target = 8160) ON COMMIT DELETE ROWS"
# The digest stands for `raw`; a document's contact_name follows the contact, not the document.
_NOT_COMPARED = frozenset(("digest", "raw", "contact_name", "updated_at"))


@dataclass(slots=True)
class Written:
    """What became of a page: counts by outcome, and what else the page speaks of."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    # The quarantined ones that have no version stored at all.
    missing: int = 0
    purchases: int = 0
    # Ids of new or changed rows, and of the invoices that such credits are, or were, applied to.
    touched_ids: list[str] = field(default_factory=list)
    # What was read compared with what is stored, and which documents differ.
    totals: currency_totals.Totals = field(default_factory=dict)
    differences: list[Differing] = field(default_factory=list)
    allocated_invoice_ids: set[str] = field(default_factory=set)


def together(parts: Sequence[Written]) -> Written:
    """Put what became of the parts of a page together."""
    whole = Written()
    for part in parts:
        for name in ("read", "new", "changed", "unchanged", "quarantined", "missing", "purchases"):
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        whole.touched_ids += part.touched_ids
        whole.totals = currency_totals.together(whole.totals, part.totals)
        whole.differences += part.differences
        whole.allocated_invoice_ids |= part.allocated_invoice_ids
    return whole


@dataclass(frozen=True)
class _Table:
    """A target table and how its rows travel there."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    # Columns with no value from Xero: what a new row starts with, as SQL.
    constants: dict[str, str]
    # What a row amounts to, as SQL; nothing where it is no document.
    amount: str
    # Whether what is replaced is kept.
    keeps_versions: bool = False

    @functools.cached_property
    def staging(self) -> str:
        # It lives as long as a pooled connection, and so may outlive a release that changes its
        # columns or how it keeps them: those have a table of their own.
        version = zlib.crc32(repr((self.columns, _STAGED)).encode())
        return f"incoming_{self.name}_{version:08x}"

    @property
    def altered(self) -> str:
        compared = [name for name in self.columns if name not in {*self.key, *_NOT_COMPARED}]
        ours = ", ".join(f"stored.{name}" for name in compared)
        theirs = ", ".join(f"EXCLUDED.{name}" for name in compared)
        return f"({ours}) IS DISTINCT FROM ({theirs})"

    @property
    def upsert(self) -> str:
        """The statement that writes what is staged, and tells what became of each row."""
        names = ", ".join((*self.columns, *self.constants))
        values = ", ".join((*self.columns, *self.constants.values()))
        changes = [
            f"{name} = EXCLUDED.{name}"
            for name in (*self.columns, "read_at", "synced_at")
            if name not in self.key
        ]
        returned = f"stored.xero_id, stored.id, stored.xmax = 0 AS is_new, {self.amount} AS amount"
        if self.keeps_versions:
            changes.append(replaced_versions.CHANGES)
            returned += f", {replaced_versions.RETURNING}"
        statement = f"""
            INSERT INTO {self.name} AS stored
                   (organisation_id, {names}, read_at, first_synced_at, synced_at)
            SELECT %s, {values}, %s, %s, %s FROM {self.staging} ORDER BY xero_id
            ON CONFLICT ({", ".join(self.key)}) DO UPDATE SET {", ".join(changes)}
             WHERE {NEWER.format(altered=self.altered)}
            RETURNING {returned}
            """  # noqa: S608 - names come from the tables here, values are parameters
        if self.keeps_versions:
            return replaced_versions.keeping(statement)
        return (
            f"WITH written AS ({statement})"  # noqa: S608 - from above
            " SELECT xero_id::text, id, is_new, amount, false FROM written"
        )

    def kept(self, by: ReadBy, now: datetime) -> list[Any]:
        """Return the further parameters of `upsert`."""
        return [now, by.value] if self.keeps_versions else []


_DOCUMENTS = _Table(
    "invoices_document",
    columns.DOCUMENTS,
    ("organisation_id", "kind", "xero_id"),
    {"online_url": "''"},
    "stored.total",
    keeps_versions=True,
)
_CONTACTS = _Table("invoices_contact", columns.CONTACTS, ("organisation_id", "xero_id"), {}, "0")
_CURRENCY, _TOTAL = map(list(columns.DOCUMENTS).index, ("currency", "total"))


class _Outcome(NamedTuple):
    """What became of a row that was written."""

    our_id: int
    is_new: bool
    total: Decimal


def write(
    *,
    organisation_id: int,
    prepared: prepared_pages.Prepared,
    read_at: datetime,
    by: ReadBy,
    now: datetime,
    confirm: bool = False,
) -> Written:
    """Store a prepared page inside the caller's transaction and return what changed.

    :param read_at: when the call that brought the page was sent.
    :param by: what brought it.
    :param confirm: mark documents that are stored already as seen by that call, too.
    Elements that could not be mapped are quarantined with the reason; purchases are left out.

    :raises replaced_versions.Overtaken: write it once more, from before it.
    """
    written = Written(
        read=len(prepared.elements), purchases=prepared.purchases, quarantined=len(prepared.refused)
    )
    table = _CONTACTS if prepared.resource is Resource.CONTACT else _DOCUMENTS
    with connection.cursor() as cursor:
        outcome = _upsert(cursor, table, organisation_id, prepared, read_at, by, now)
        documents = [m for m in prepared.kept if isinstance(m, mapping.MappedDocument)]
        if documents:
            written.allocated_invoice_ids = _replace_children(cursor, prepared.children, outcome)
            if confirm:
                _confirm(cursor, organisation_id, read_at)
            written.totals = (
                currency_totals.of_written(
                    (
                        (one.xero_id, str(one.values[_CURRENCY]), Decimal(str(one.values[_TOTAL])))
                        for one in documents
                    ),
                    {xero_id: row.total for xero_id, row in outcome.items()},
                )
                if len(outcome) == len(documents)
                else currency_totals.looked_up(cursor, _DOCUMENTS.staging, organisation_id)
            )
            if not currency_totals.agree(written.totals):
                written.differences = currency_totals.differences(
                    cursor, _DOCUMENTS.staging, organisation_id
                )
    for document in documents:
        if document.xero_id in outcome:
            written.allocated_invoice_ids.update(document.allocated_invoice_ids)
    written.new = sum(row.is_new for row in outcome.values())
    written.changed = len(outcome) - written.new
    written.unchanged = len(prepared.kept) - len(outcome)
    written.touched_ids = list(outcome)
    written.missing = quarantine.record(
        organisation_id=organisation_id,
        resource=prepared.resource,
        refused=prepared.refused,
        stored=[mapped.xero_id for mapped in prepared.kept],
        now=now,
    )
    return written


def _upsert(
    cursor: Any,
    table: _Table,
    organisation_id: int,
    prepared: prepared_pages.Prepared,
    read_at: datetime,
    by: ReadBy,
    now: datetime,
) -> dict[str, _Outcome]:
    """Upsert rows and return what became of those that were written, by Xero's id.

    :raises replaced_versions.Overtaken: see there.
    """
    if not prepared.kept:
        return {}
    types = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
    # Emptied at commit, so it can stay for the next page on this database connection. Two pages may
    # share a transaction. (TRUNCATE would make new files each time.)
    made = f"CREATE TEMP TABLE IF NOT EXISTS {table.staging} ({types}) {_STAGED}"
    cursor.execute(f"{made}; DELETE FROM {table.staging}")  # noqa: S608 - a name from above
    prepared_pages.copy(cursor, table.staging, table.columns, prepared.data)
    cursor.execute(table.upsert, [organisation_id, read_at, now, now, *table.kept(by, now)])
    rows = cursor.fetchall()
    if any(is_lost for *_, is_lost in rows):
        raise replaced_versions.Overtaken
    return {row[0]: _Outcome(*row[1:4]) for row in rows}


def _confirm(cursor: Any, organisation_id: int, read_at: datetime) -> None:
    """Note on the page's documents, whose rows the upsert has locked, that they were seen."""
    cursor.execute(
        f"""
        UPDATE {_DOCUMENTS.name} stored SET read_at = %s FROM {_DOCUMENTS.staging} incoming
         WHERE stored.organisation_id = %s AND stored.kind = incoming.kind
           AND stored.xero_id = incoming.xero_id AND stored.read_at < %s
        """,  # noqa: S608 - names from above
        [read_at, organisation_id, read_at],
    )


def _replace_children(
    cursor: Any, children: prepared_pages.Children, written: dict[str, _Outcome]
) -> set[str]:
    """Write line items, payments and allocations of the documents that were written.

    Returns the invoices to which the versions before them were applied.
    """
    changed = [row.our_id for row in written.values() if not row.is_new]
    left: set[str] = set()
    if changed:
        cursor.execute(
            "SELECT invoice_xero_id::text FROM invoices_allocation"
            " WHERE document_id = ANY(%s) AND invoice_xero_id IS NOT NULL",
            [changed],
        )
        left.update(row[0] for row in cursor.fetchall())
    for name, (table, names) in columns.CHILDREN.items():
        if changed:
            cursor.execute(
                f"DELETE FROM {table} WHERE document_id = ANY(%s)",  # noqa: S608 - from above
                [changed],
            )
        rows = [
            f"{written[xero_id].our_id}\t{cells}\n"
            for xero_id, own in children[name]
            if xero_id in written
            for cells in own
        ]
        if rows:
            prepared_pages.copy(cursor, table, names, "".join(rows).encode())
    return left
