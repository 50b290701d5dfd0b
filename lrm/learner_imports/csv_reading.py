"""Cells out of the bytes of a CSV file, whichever program wrote it. Nothing is held in memory.

- Encodings: UTF-8 and UTF-16 by their byte order marks, UTF-16 without one by its many zero bytes,
  else UTF-8 where all of it is, else Windows-1252, also behind a mark of UTF-8 that is a lie.
- Delimiters: comma, semicolon or tab, whichever gives the most headings that mean something.
  Excel's own line `sep=;` is obeyed.
- Byte order marks in the middle, which joined files have, are left out: they are no text.
"""

import codecs
import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

DELIMITERS = (",", ";", "\t")
WINDOWS = "cp1252"
_CHUNK = 2**16
_MARK = "\ufeff"
# PostgreSQL keeps no such character; what is shown instead.
NO_CHARACTER = "\x00"
SHOWN = "\ufffd"
_SEP_LINE = re.compile(r"^\"?sep=([^\x00\r])\"?\s*$", re.IGNORECASE)
# In characters. A line of commas alone would otherwise become millions of cells.
_LONGEST_LINE = 500_000


class NotReadable(Exception):
    """The file cannot be read as CSV; its text says why and what to do, to a person."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A file that can be read: how, its headings, and its rows with their numbers.

    A row has the number that a spreadsheet shows beside it: the headings are row 1.
    """

    encoding: str
    delimiter: str
    headings: list[str]
    rows: Iterator[tuple[int, list[str]]]


def read(file: IO[bytes], *, count_known: Callable[[Sequence[str]], int]) -> Sheet:
    """Open a CSV file that can be rewound; its rows are read as they are asked for.

    :param count_known: how many of some headings mean something.
    :raises NotReadable: it is empty, no text, or no CSV; also later, while rows are read.
    """
    encoding = _encoding_of(file)
    first, before = _first_line(file, encoding)
    named = _SEP_LINE.match(first)
    delimiter = named[1] if named else _delimiter_of(first, count_known)
    # Excel shows that line to nobody, and does not count it.
    rows = _rows(file, encoding, delimiter, skip=before + 1 if named else 0)
    headings = next(rows, None)
    if headings is None:
        raise NotReadable("The file is empty.")
    return Sheet(
        encoding=encoding,
        delimiter=delimiter,
        headings=[heading.strip().replace(NO_CHARACTER, SHOWN) for heading in headings[1]],
        rows=rows,
    )


def _delimiter_of(first: str, count_known: Callable[[Sequence[str]], int]) -> str:
    """Return the delimiter that gives the most headings that mean something."""

    def worth(delimiter: str) -> tuple[int, int]:
        try:
            headings = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            # It would have a cell that is too long; with another delimiter it may have none.
            return 0, 0
        return count_known(headings), len(headings)

    return max(DELIMITERS, key=worth)


def _encoding_of(file: IO[bytes]) -> str:
    """Return the encoding, having looked at all of the file."""
    file.seek(0)
    head = file.read(4096)
    if not head:
        raise NotReadable("The file is empty.")
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise NotReadable(
            "This is a workbook, not a CSV file. Open it in Excel, choose Save As, and there the "
            "type “CSV UTF-8 (Comma delimited)”."
        )
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(file, "utf-16")
    zeros = [head[side::2].count(0) for side in (0, 1)]
    if max(zeros) > len(head) // 4:
        return _checked(file, "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le")
    try:
        return _checked(file, "utf-8")
    except NotReadable:
        return _checked(file, WINDOWS)


def _checked(file: IO[bytes], encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise NotReadable(
            "Some characters of this file cannot be read. Save it again as “CSV UTF-8”, then "
            "upload it again."
        ) from error
    return encoding


def _text(file: IO[bytes], encoding: str) -> io.TextIOWrapper:
    file.seek(0)
    if encoding == WINDOWS and file.read(3) != codecs.BOM_UTF8:
        file.seek(0)
    return io.TextIOWrapper(file, encoding, newline="")


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield lines with their ends, and without byte order marks."""
    while line := text.readline(_LONGEST_LINE):
        if len(line) >= _LONGEST_LINE:
            raise NotReadable("A line of this file is far too long for a row. Is it a CSV file?")
        yield line.replace(_MARK, "")


def _first_line(file: IO[bytes], encoding: str) -> tuple[str, int]:
    """Return the first line that is not blank, and how many lines are before it."""
    text = _text(file, encoding)
    try:
        for before, line in enumerate(_lines(text)):
            if line.strip():
                return line, before
        raise NotReadable("The file is empty.")
    finally:
        # The file is its owner's to close.
        text.detach()


def _rows(
    file: IO[bytes], encoding: str, delimiter: str, *, skip: int
) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that have something in them, with their number, counted from 1."""
    text = _text(file, encoding)
    number = 0
    try:
        lines = itertools.islice(_lines(text), skip, None)
        for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise NotReadable(
            f"Row {number + 1} cannot be read as CSV. Often a quotation mark was opened there and "
            "never closed."
        ) from error
    finally:
        text.detach()
