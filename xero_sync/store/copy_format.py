"""Rows as PostgreSQL's COPY takes them: the text format, written here, read there.

csv would double every quote of the raw JSON.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from xero_sync.store import mapping

# A character that no text of Xero's holds; if one ever does, it is escaped.
_NULL = "\x01"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", _NULL: "\\x01"})
# More than any page. psycopg2 takes the data in pieces of this size, and between two of them it
# stands in line for the interpreter behind the threads that prepare the next pages.
_WHOLE = 1 << 26


def cells(row: Sequence[mapping.Value]) -> str:
    """Write the values of a row, without the end of the line.

    Hardly any value holds a character that ends a line or a column, so the whole row is looked
    through at once: it is plain when it has no more of them than it was put together with.
    """
    written = [
        value if type(value) is str else _NULL if value is None else str(value) for value in row
    ]
    plain = "\t".join(written)
    if (
        "\\" not in plain
        and "\n" not in plain
        and "\r" not in plain
        and plain.count("\t") == len(written) - 1
        and plain.count(_NULL) == len([value for value in row if value is None])
    ):
        return plain
    return "\t".join([_NULL if value is None else str(value).translate(_ESCAPES) for value in row])


def bytes_cell(digits: str) -> str:
    """Write bytes, given as hexadecimal digits, as a value."""
    return f"\\\\x{digits}"


def json_cell(raw: bytes) -> bytes:
    """Write JSON text as a value: the one of those characters that it may hold is a backslash."""
    return raw.replace(b"\\", b"\\\\")


def copy(cursor: Any, table: str, columns: Iterable[str], data: bytes) -> None:
    """COPY encoded rows into the columns of a table.

    :param cursor: one of Django's.
    :raises django.db.Error: as for any statement.
    """
    command = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT text, NULL '{_NULL}')"
    with cursor.db.wrap_database_errors:  # Which Django does for statements only.
        cursor.copy_expert(command, BytesIO(data), _WHOLE)
