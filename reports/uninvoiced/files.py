"""Report #0443 as CSV, workbook and JSON: the same rows, and what the file says of itself."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from typing import IO, Any

import xlsxwriter

from lrm import csv_text, snapshots
from reports import workbook
from reports.csv_export import BYTE_ORDER_MARK
from reports.file_facts import Facts
from reports.uninvoiced import rows
from reports.uninvoiced.criteria import Criteria
from reports.uninvoiced.rows import COLUMNS, Row


def write_csv(criteria: Criteria, facts: Facts, target: IO[bytes]) -> None:
    """Write CSV as UTF-8 that Excel reads, headings first."""
    target.write(BYTE_ORDER_MARK)
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([*(column.heading for column in COLUMNS), *(one for one, _ in facts.in_csv)])
    own = [csv_text.harmless(value) for _, value in facts.in_csv]
    for row in _all(criteria, facts):
        cells = (csv_text.harmless(_text(value)) for value in _values(row))
        writer.writerow([*cells, *own])
    # The file is the caller's to close.
    text.detach()


def write_workbook(criteria: Criteria, facts: Facts, target: IO[bytes]) -> None:
    """Write a workbook: rows, and what they are."""
    with xlsxwriter.Workbook(target, workbook.OPTIONS) as book:
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("Learners")
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(COLUMNS):
            sheet.set_column(place, place, 12 if column.holds == "date" else 26)
            sheet.write_string(0, place, column.heading, bold)
        for line, row in enumerate(_all(criteria, facts), start=1):
            for place, value in enumerate(_values(row)):
                if isinstance(value, date):
                    sheet.write_datetime(line, place, value, day)
                elif value:
                    sheet.write_string(line, place, value)
        workbook.write_facts(book, facts, bold)


def write_json(criteria: Criteria, facts: Facts, target: IO[bytes]) -> None:
    """Write `{"rows": [...], "count": n, …}`; dates are ISO 8601."""
    target.writelines(piece.encode() for piece in _json(criteria, facts))


def _json(criteria: Criteria, facts: Facts) -> Iterator[str]:
    yield '{"rows": ['
    count, separator = 0, "\n"
    for row in _all(criteria, facts):
        values = zip(COLUMNS, _values(row), strict=True)
        written = {
            column.name: _text(value) if isinstance(value, date) else value
            for column, value in values
        }
        yield separator + json.dumps(written, ensure_ascii=False)
        count, separator = count + 1, ",\n"
    about = json.dumps(facts.in_json, ensure_ascii=False)[1:-1]
    yield f'\n],\n"count": {count},\n{about}}}\n'


def _all(criteria: Criteria, facts: Facts) -> Iterator[Row]:
    """Yield all rows of one moment: a cursor of the server reads them."""
    with snapshots.one_moment():
        yield from rows.all_of(criteria, is_complete=facts.fresh.is_complete)


def _values(row: Row) -> tuple[Any, ...]:
    return tuple(getattr(row, column.of) for column in COLUMNS)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
