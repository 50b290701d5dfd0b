"""Typed values as JSON values and back."""

import datetime
import json
from typing import Any

import pytest

from xero_simulator import serialization
from xero_simulator.ledger import records
from xero_simulator.webhooks import subscription

LINE = records.Line("Fee 'Zoë' 🌻", 10_000, 5, -3, 0, "OUTPUT", "200")
DOCUMENT = records.Document(
    kind=records.INVOICES,
    id="an-id",
    type="ACCREC",
    status="PAID",
    contact_id="a-contact",
    date=datetime.date(2026, 2, 28),
    currency="AUD",
    sub_total=5,
    total_tax=0,
    total=5,
    updated_ms=1,
    lines=(LINE, LINE),
    allocations=(records.Allocation("a", 5, datetime.date.min, "CreditNotes", "c", "", "i", ""),),
)
MOMENT = datetime.datetime(2026, 7, 1, 23, 59, 59, 999_999, datetime.UTC)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        (records.Document, DOCUMENT),
        (dict[str, list[records.Line]], {"one": [LINE], "none": []}),
        (tuple[int, tuple[int, ...], float | None], (3, (1, 2), None)),
        (datetime.datetime | None, MOMENT),
        (subscription.Status, subscription.Status.ENABLED),
        (frozenset[str], frozenset(("a", "b"))),
        (float, 1),
        (dict[str, Any], {"raw": [1, None, {"deep": "x"}]}),
    ],
)
def test_value_comes_back_from_json(form: Any, value: Any) -> None:
    plain = json.loads(json.dumps(serialization.pack(value)))

    assert serialization.unpack(form, plain) == value


@pytest.mark.parametrize(
    ("form", "plain"),
    [
        (records.Line, ["too short"]),
        (records.Line, [*serialization.pack(LINE)[:-1], 5]),
        (records.Document, {}),
        (records.Document, serialization.pack(DOCUMENT) | {"more": 1}),
        (records.Document, serialization.pack(DOCUMENT) | {"total": True}),
        (records.Document, serialization.pack(DOCUMENT) | {"lines": None}),
        (list[int], {"0": 1}),
        (dict[str, int], [1]),
        (tuple[int, ...], "12"),
        (datetime.date, "2026-02-30"),
        (datetime.datetime, 5),
        (subscription.Status, "asleep"),
        (str, None),
    ],
)
def test_other_value_is_refused(form: Any, plain: Any) -> None:
    with pytest.raises(serialization.Misfit):
        serialization.unpack(form, plain)
