"""Report #0442 as JSON."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from invoices import amounts
from reports import columns, export_query
from reports.file_facts import Facts
from reports.synced_invoices import Criteria
from reports.totals import AGE_FIELDS, RunningTotals, Total

_AS_TEXT: dict[columns.Holds, Callable[[Any], str | None]] = {
    "amount": amounts.plain,
    "rate": str,
    "date": lambda day: day.isoformat(),
    "moment": lambda at: at.isoformat(),
    "id": str,
}
_NAMES = tuple(column.name for column in columns.IN_JSON)
_WRITTEN_OTHERWISE = tuple(
    (column.name, _AS_TEXT[column.holds]) for column in columns.IN_JSON if column.holds in _AS_TEXT
)
_TOTALLED = tuple(
    _NAMES.index(name) for name in ("total", "amount_paid", "amount_credited", "amount_due")
)
_KEY = tuple(_NAMES.index(name) for name in ("kind", "currency", "status", "days_overdue"))
_TOTAL_FIELDS = (
    *("kind", "currency", "count", "total", "cancelled_count", "cancelled_total"),
    *("unapproved_count", "unapproved_total", "amount_paid", "amount_credited", "amount_due"),
    "net",
    *AGE_FIELDS,
)


def json_of(criteria: Criteria, facts: Facts) -> Iterator[str]:
    """Yield `{"rows": [...], "totals": [...], …}`; amounts are text, dates ISO 8601 or null."""
    running = RunningTotals()
    yield '{"rows": ['
    separator = "\n"
    for row in export_query.rows_of(criteria, columns.IN_JSON):
        kind, currency, status, days = (row[place] for place in _KEY)
        running.add(kind, currency, status, days, [row[place] for place in _TOTALLED])
        yield separator + json.dumps(_json_row(row), ensure_ascii=False)
        separator = ",\n"
    listed = ",\n".join(json.dumps(json_total(total)) for total in running.in_order())
    about = json.dumps(facts.in_json, ensure_ascii=False)[1:-1]
    yield f'\n],\n"totals": [\n{listed}\n],\n{about}}}\n'


def _json_row(row: tuple[Any, ...]) -> dict[str, Any]:
    written = dict(zip(_NAMES, row, strict=True))
    for name, as_text in _WRITTEN_OTHERWISE:
        if written[name] is not None:
            written[name] = as_text(written[name])
    return written


def json_total(total: Total) -> dict[str, str | int]:
    """Return the totals of one kind and currency for JSON, amounts as text."""
    values = {name: getattr(total, name) for name in _TOTAL_FIELDS}
    return {
        name: value if isinstance(value, str | int) else amounts.plain(value)
        for name, value in values.items()
    }
