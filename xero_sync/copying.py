"""Rows as PostgreSQL's COPY takes them: the text format, written here, read there.

csv would double every quote of the raw JSON.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from xero_sync import mapping

# A character that no text of Xero's holds; if one ever does, it is escaped.
_NULL = "\x01"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", _NULL: "\\x01"})
_CHUNK = 1 << 18


def encode(rows: Iterable[Sequence[mapping.Value]]) -> bytes:
    """Write rows as lines of the text format."""
    return "".join(map(_line, rows)).encode()


def copy(cursor: Any, table: str, columns: Iterable[str], data: bytes) -> None:
    """COPY encoded rows into the columns of a table."""
    command = f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT text, NULL '{_NULL}')"
    cursor.copy_expert(command, BytesIO(data), _CHUNK)


def _line(row: Sequence[mapping.Value]) -> str:
    """Write a row as a line of COPY's text format.

    Hardly any value holds a character that ends a line or a column, so the whole line is looked
    through at once: it is plain when it has no more of them than it was put together with.
    """
    line = "\t".join(
        [_NULL if value is None else value if type(value) is str else str(value) for value in row]
    )
    if (
        "\n" not in line
        and "\r" not in line
        and line.count("\t") == len(row) - 1
        and line.count(_NULL) == row.count(None)
    ):
        return line.replace("\\", "\\\\") + "\n"
    cells = [_NULL if value is None else str(value).translate(_ESCAPES) for value in row]
    return "\t".join(cells) + "\n"
