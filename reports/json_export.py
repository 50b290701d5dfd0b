"""Report #0442 as JSON."""

import json
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any

from invoices import amounts
from invoices.document_rows import DocumentRow
from reports import columns, synced_invoices
from reports.synced_invoices import RunningTotals, Total

_AS_TEXT: dict[columns.Holds, Callable[[Any], str | None]] = {
    "amount": amounts.plain,
    "date": lambda day: day.isoformat() if day else None,
    "id": str,
}
_NAMES = tuple(column.name for column in columns.IN_JSON)
_VALUES_OF = attrgetter(*(column.field for column in columns.IN_JSON))
_WRITTEN_OTHERWISE = tuple(
    (column.name, _AS_TEXT[column.holds]) for column in columns.IN_JSON if column.holds in _AS_TEXT
)


def json_of(rows: Iterable[DocumentRow]) -> Iterator[str]:
    """Yield `{"rows": [...], "totals": [...]}`; amounts are text, dates ISO 8601 or null."""
    totals = RunningTotals()
    yield '{"rows": ['
    separator = "\n"
    for row in totals.watch(rows):
        yield separator + json.dumps(_json_row(row), ensure_ascii=False)
        separator = ",\n"
    listed = ",\n".join(json.dumps(json_total(total)) for total in totals.in_order())
    yield f'\n],\n"totals": [\n{listed}\n]}}\n'


def _json_row(row: DocumentRow) -> dict[str, str | None]:
    written = dict(zip(_NAMES, _VALUES_OF(row), strict=True))
    for name, as_text in _WRITTEN_OTHERWISE:
        written[name] = as_text(written[name])
    return written


def json_total(total: Total) -> dict[str, str | int]:
    """Return the totals of one kind and currency for JSON, amounts as text."""
    values = {name: getattr(total, name) for name in synced_invoices.TOTAL_FIELDS}
    return {
        name: value if isinstance(value, str | int) else amounts.plain(value)
        for name, value in values.items()
    }
