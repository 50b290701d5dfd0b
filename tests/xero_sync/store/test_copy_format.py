"""Rows through COPY's text format and back: every character arrives as it was."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from xero_sync.api import json_codec
from xero_sync.store import prepared_pages

COLUMNS = ("a", "b", "n", "digest", "raw")
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


def line(row: tuple[Any, ...], raw: bytes) -> bytes:
    """Write plain values, a digest and JSON as one line."""
    return prepared_pages.line(row, "00ff5c", raw)


@pytest.mark.django_db
@pytest.mark.parametrize("text", NASTY)
def test_text_arrives_as_it_was_whatever_it_holds(text: str) -> None:
    lines = [
        line((text, "beside", Decimal("0.0050")), json_codec.dumps({"a": f"x\ty{text}"})),
        line(("beside", text, None), b"[]"),
    ]

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied (a text, b text, n numeric, digest bytea, raw jsonb)"
        )
        prepared_pages.copy(cursor, "copied", COLUMNS, b"".join(lines))
        cursor.execute("SELECT a, b, n, raw->>'a', encode(digest, 'hex') FROM copied")
        found = cursor.fetchall()

    assert found == [
        (text, "beside", Decimal("0.0050"), f"x\ty{text}", "00ff5c"),
        ("beside", text, None, None, "00ff5c"),
    ]
