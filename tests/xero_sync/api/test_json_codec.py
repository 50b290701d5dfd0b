"""JSON in and out: what msgspec gives is what the standard library would, to the last digit."""

import json
from decimal import Decimal

import pytest

from xero_sync.api import json_codec


@pytest.mark.parametrize(
    "text",
    [
        "0", "-0", "0.00", "-0.0", "0.005", "-12.34", "1.10", "1.000000", "48062.76", "1e5",
        "1E+5", "0.1e-7", "0.0000001", "1.0E-10", "1e400", "12345678901234567890.12",
        "123456789012345678901234567890", "9007199254740993", "18446744073709551616",
        "1." + "1" * 60, "true", "null", '""', r'"\/Date(0+0000)\/"', r'"\ud83d\ude00"',
        '"emoji \U0001f600"', '{"a":1,"a":2}', "[]",
    ],
)  # fmt: skip
def test_value_is_the_same_and_survives_when_read_and_written(text: str) -> None:
    expected = json.loads(text, parse_float=Decimal)

    value = json_codec.loads(text.encode())
    again = json_codec.loads(json_codec.dumps(value))

    # The repr tells 1.1 from 1.10, and an int from a Decimal.
    assert repr(value) == repr(expected)
    assert repr(again) == repr(expected)


def test_number_is_written_as_it_was_when_it_has_trailing_zeros() -> None:
    assert json_codec.dumps(json_codec.loads(b'{"Total": 10.00, "Rate": 1.000000, "n": 3}')) == (
        b'{"Total":10.00,"Rate":1.000000,"n":3}'
    )


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'{"Name": "A\u0000B"}', {"Name": "A\ufffdB"}),
        (rb'{"Name\u0000": ["\u0000", 1.10]}', {"Name\ufffd": ["\ufffd", Decimal("1.10")]}),
        (rb'["\ud800", {"b": "\udfff!"}]', ["\ufffd", {"b": "\ufffd!"}]),
        (rb'["\\u0000"]', ["\\u0000"]),
    ],
)
def test_character_is_replaced_when_the_database_could_not_hold_it(
    body: bytes, value: object
) -> None:
    found = json_codec.loads(body)

    assert found == value
    assert json_codec.loads(json_codec.dumps(found)) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"\xff",
        b'"\xff"',
        b"The resource",
        b"[1.5,]",
        b"[" * 50_000,
    ],
)
def test_bytes_are_refused_when_they_are_not_json(body: bytes) -> None:
    with pytest.raises(json_codec.NotJson) as caught:
        json_codec.loads(body)

    assert str(caught.value) in {
        "The reply is not JSON.",
        "NaN is not JSON.",
        "Infinity is not JSON.",
    }
