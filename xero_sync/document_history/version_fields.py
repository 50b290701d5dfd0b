"""A version as people read it: its fields and lines, from the JSON that Xero sent.

The JSON is read by the same mapping as ever, so that old and new are compared by one reading. What
this release cannot read of an old version is not shown, rather than guessed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from invoices import amounts, words
from invoices.models import Kind
from lrm import day_formats
from xero_sync import resources
from xero_sync.api import json_codec
from xero_sync.store import columns, field_parsers, mapping

NOTHING = "nothing"
_STATUSES = dict(words.STATUS_CHOICES)
_RESOURCES = {str(resources.of(one).kind): one for one in resources.DOCUMENTS}
_LINE_COLUMNS = columns.CHILDREN["lines"][1][1:]


@dataclass(frozen=True)
class Line:
    """One line item; `key` is Xero's id of it, or its place where it has none."""

    key: str
    description: str
    quantity: str
    unit_amount: str
    tax_amount: str
    line_amount: str
    account_code: str
    tax_type: str


@dataclass(frozen=True)
class Fields:
    """What a version says: (label, value in words) of each field, and its lines."""

    fields: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


def _status(value: Any) -> str:
    return _STATUSES.get(str(value), str(value))


def _day(value: Any) -> str:
    day = date.fromisoformat(value) if isinstance(value, str) and value else value
    return day_formats.short_day(day) if day else NOTHING


def _amount(value: Any) -> str:
    return NOTHING if value is None else amounts.grouped(Decimal(str(value)))


def _text(value: Any) -> str:
    return str(value or "") or NOTHING


# In the order in which they are shown: the column, its label, its words.
_SHOWN: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("number", "Number", _text),
    ("reference", "Reference", _text),
    ("status", "Status", _status),
    ("contact_name", "Contact", _text),
    ("date", "Date", _day),
    ("due_date", "Due date", _day),
    ("fully_paid_on", "Settled on", _day),
    ("currency", "Currency", _text),
    ("sub_total", "Subtotal", _amount),
    ("total_tax", "Tax", _amount),
    ("total", "Total", _amount),
    ("amount_due", "Due", _amount),
    ("amount_paid", "Paid", _amount),
    ("amount_credited", "Credited", _amount),
)
# Lists of credits do not tell what was paid and credited; see `invoices.settlement`.
_OF_INVOICES = {"due_date", "amount_paid", "amount_credited"}


def read(*, kind: str, raw: str) -> Fields | None:
    """Return what the raw JSON of a document says; None where it cannot be read."""
    try:
        mapped = mapping.map_document(_RESOURCES[kind], json_codec.loads(raw.encode()))
    except (field_parsers.Unmappable, json_codec.NotJson, AttributeError):
        return None
    if mapped is None:
        return None
    values = dict(zip(columns.DOCUMENTS, mapped.values, strict=False))
    is_credit = kind != Kind.INVOICE
    return Fields(
        fields=tuple(
            ("Credit left" if is_credit and name == "amount_due" else label, in_words(values[name]))
            for name, label, in_words in _SHOWN
            if not (is_credit and name in _OF_INVOICES)
        ),
        lines=tuple(_line(row) for row in mapped.lines),
    )


def _line(row: tuple[mapping.Value, ...]) -> Line:
    of = dict(zip(_LINE_COLUMNS, row, strict=True))
    return Line(
        key=str(of["xero_id"] or of["position"]),
        description=str(of["description"] or ""),
        **{
            name: "" if of[name] is None else _amount(of[name])
            for name in ("quantity", "unit_amount", "tax_amount", "line_amount")
        },
        account_code=str(of["account_code"]),
        tax_type=str(of["tax_type"]),
    )
