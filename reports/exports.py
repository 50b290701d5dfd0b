"""Report #0442 as CSV and JSON: text, piece by piece, never whole in memory.

All exports take their columns from one list, so that they cannot drift apart. Amounts and dates
are plain text that every program reads; words from Xero are made harmless for spreadsheets.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal, NamedTuple

from invoices import amounts
from invoices.models import Kind
from reports import synced_invoices
from reports.synced_invoices import Row, RunningTotals, Total

LINES_A_PIECE = 1000
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
# What makes Excel, LibreOffice or Google Sheets take a cell for a formula (OWASP's page on CSV
# injection), also in the wide forms that some of them accept.
_FORMULA_STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


class Column(NamedTuple):
    """A column of the exports: its heading, its name in `Row` and in JSON, what it holds."""

    heading: str
    name: str
    holds: Literal["kind", "text", "date", "amount", "id"]


COLUMNS = (
    Column("Kind", "kind", "kind"),
    Column("Number", "number", "text"),
    Column("Reference", "reference", "text"),
    Column("Status", "status", "text"),
    Column("Date", "date", "date"),
    Column("Due date", "due_date", "date"),
    Column("Currency", "currency", "text"),
    Column("Total", "total", "amount"),
    Column("Paid", "amount_paid", "amount"),
    Column("Credited", "amount_credited", "amount"),
    Column("Due or credit left", "amount_due", "amount"),
    Column("Contact", "contact", "text"),
    Column("Learner number", "learner_number", "text"),
    Column("Xero ID", "xero_id", "id"),
)
KIND_LABELS = {kind.value: kind.label for kind in Kind}


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, with an apostrophe in front if need be.

    Leading spaces do not hide a formula: some programs drop them. Amounts never come here.
    """
    start = text.lstrip(" ")[:1] or text[:1]
    return f"'{text}" if start in _FORMULA_STARTS and start else text


def csv_of(rows: Iterable[Row], *, for_excel: bool = False) -> Iterator[str]:
    """Yield the report as CSV, a thousand lines at a time.

    `for_excel` puts a byte order mark in front, without which Excel garbles accented names.
    """
    yield (BYTE_ORDER_MARK if for_excel else "") + _lines([[column.heading for column in COLUMNS]])
    pending = iter(rows)
    while batch := list(islice(pending, LINES_A_PIECE)):
        yield _lines(_csv_values(row) for row in batch)


def _lines(values: Iterable[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(values)
    return buffer.getvalue()


def _csv_values(row: Row) -> list[str]:
    return [
        KIND_LABELS[row.kind],
        harmless(row.number),
        harmless(row.reference),
        harmless(row.status),
        row.date.isoformat() if row.date else "",
        row.due_date.isoformat() if row.due_date else "",
        harmless(row.currency),
        amounts.plain(row.total),
        amounts.plain(row.amount_paid),
        amounts.plain(row.amount_credited),
        amounts.plain(row.amount_due),
        harmless(row.contact),
        harmless(row.learner_number),
        str(row.xero_id),
    ]


def json_of(rows: Iterable[Row]) -> Iterator[str]:
    """Yield `{"rows": [...], "totals": [...]}`; amounts are text, dates ISO 8601 or null."""
    totals = RunningTotals()
    yield '{"rows": ['
    separator = "\n"
    for row in totals.watch(rows):
        yield separator + json.dumps(_json_row(row), ensure_ascii=False)
        separator = ",\n"
    listed = ",\n".join(json.dumps(json_total(total)) for total in totals.in_order())
    yield f'\n],\n"totals": [\n{listed}\n]}}\n'


def _json_row(row: Row) -> dict[str, str | None]:
    return {
        "kind": row.kind,
        "xero_id": str(row.xero_id),
        "number": row.number,
        "reference": row.reference,
        "status": row.status,
        "date": row.date.isoformat() if row.date else None,
        "due_date": row.due_date.isoformat() if row.due_date else None,
        "currency": row.currency,
        "total": amounts.plain(row.total),
        "amount_paid": amounts.plain(row.amount_paid),
        "amount_credited": amounts.plain(row.amount_credited),
        "amount_due": amounts.plain(row.amount_due),
        "contact": row.contact,
        "learner_number": row.learner_number,
    }


def json_total(total: Total) -> dict[str, str | int]:
    """Return the totals of one kind and currency for JSON, amounts as text."""
    values = {name: getattr(total, name) for name in synced_invoices.TOTAL_FIELDS}
    return {
        name: value if isinstance(value, str | int) else amounts.plain(value)
        for name, value in values.items()
    }
