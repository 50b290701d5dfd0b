"""The columns that every export of report #0442 has, and the report as JSON.

All exports take their columns from one list, so that they cannot drift apart.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from invoices import amounts
from invoices.models import Kind
from reports import synced_invoices
from reports.synced_invoices import Row, RunningTotals, Total


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
