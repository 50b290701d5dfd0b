"""Rows through COPY's text format and back: every character arrives as it was."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from xero_sync import copying

COLUMNS = ("a", "b", "n", "raw")
NASTY = [
    "",
    "plain",
    "back\\slash and \\N and \\.",
    "tab\there",
    "line\nfeed",
    "carriage\rreturn\r\nboth",
    "the mark of null \x01 itself",
    "\x01",
    "\\",
    "quotes \" ' and , commas",
    "naïve 学 🎓",
]


@pytest.mark.django_db
@pytest.mark.parametrize("text", NASTY)
def test_text_arrives_as_it_was_whatever_it_holds(text: str) -> None:
    rows: list[tuple[Any, ...]] = [
        (text, "beside", Decimal("0.0050"), '{"a": "x\\ty"}'),
        ("beside", text, None, "[]"),
    ]

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE copied (a text, b text, n numeric, raw jsonb)")
        copying.copy(cursor, "copied", COLUMNS, copying.encode(rows))
        cursor.execute("SELECT a, b, n, raw->>'a' FROM copied")
        found = cursor.fetchall()

    assert found == [(text, "beside", Decimal("0.0050"), "x\ty"), ("beside", text, None, None)]
