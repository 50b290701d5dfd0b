"""Report #0442 as an Excel workbook: amounts are numbers, dates are dates, text stays text.

Rows are written to disk as they come, so memory stays flat. A sheet of Excel holds 1,048,576
rows; longer reports go on in further sheets. Totals follow, then what the file says of itself.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

from invoices.models import Kind
from reports import columns, export_query
from reports.file_facts import Facts
from reports.synced_invoices import Criteria
from reports.totals import AGE_FIELDS, AGES, RunningTotals, Total

ROWS_A_SHEET = 1_000_000
_WIDTHS: dict[columns.Holds, int] = {
    "kind": 14,
    "text": 20,
    "date": 12,
    "moment": 18,
    "amount": 15,
    "rate": 12,
    "count": 10,
    "id": 38,
}
_KIND_LABELS = {kind.value: kind.label for kind in Kind}
_NAMES = tuple(column.name for column in columns.COLUMNS)
_TOTALLED = tuple(
    _NAMES.index(name) for name in ("total", "amount_paid", "amount_credited", "amount_due")
)
_KEY = tuple(_NAMES.index(name) for name in ("kind", "currency", "status", "days_overdue"))
# Heading of the totals' sheet, and what of `Total` stands below it. Every row adds up: the first
# amount less the next four is the one before the last.
_TOTALS = {
    "Kind": "label",
    "Currency": "currency",
    "Documents": "count",
    "Total": "total",
    "Of which voided or deleted": "cancelled_total",
    "Of which not approved": "unapproved_total",
    "Paid or refunded": "amount_paid",
    "Credited or used": "amount_credited",
    "Due or credit left": "amount_due",
    "Owed to us, credits with a minus": "net",
    "Documents voided or deleted": "cancelled_count",
    "Documents not approved": "unapproved_count",
    AGES[0]: AGE_FIELDS[0],
    **{f"{age} overdue": name for age, name in zip(AGES[1:], AGE_FIELDS[1:], strict=True)},
}
OPTIONS = {
    "constant_memory": True,
    # Nothing from Xero becomes a formula, a link or a number by looking like one.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_workbook(criteria: Criteria, target: IO[bytes], *, facts: Facts) -> None:
    """Write the workbook to an open binary file: rows, their totals, and what they are."""
    running = RunningTotals()
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        book.set_properties({"title": "#0442 Synced invoices", "comments": facts.fresh.line})
        writer = _Writer(book)
        for position, row in enumerate(export_query.rows_of(criteria, columns.COLUMNS)):
            if position % ROWS_A_SHEET == 0:
                writer.start_sheet()
            kind, currency, status, days = (row[place] for place in _KEY)
            running.add(kind, currency, status, days, [row[place] for place in _TOTALLED])
            writer.write_row(row)
        if not writer.sheets:
            writer.start_sheet()
        writer.write_totals(running.in_order())
        write_facts(book, facts, writer.bold)


class _Writer:
    """The sheets of one workbook with their formats."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.sheets: list[Any] = []
        self.line = 0
        self.bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self.formats = {
            "amount": book.add_format({"num_format": "#,##0.00##"}),
            "rate": book.add_format({"num_format": "0.000000"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }

    def start_sheet(self) -> None:
        """Begin the next sheet of rows."""
        name = f"Documents {len(self.sheets) + 1}" if self.sheets else "Documents"
        sheet = self.book.add_worksheet(name)
        for position, column in enumerate(columns.COLUMNS):
            sheet.set_column(position, position, _WIDTHS[column.holds])
            heading = f"{column.heading} (UTC)" if column.holds == "moment" else column.heading
            sheet.write_string(0, position, heading, self.bold)
        sheet.freeze_panes(1, 0)
        self.sheets.append(sheet)
        self.line = 1

    def write_row(self, row: tuple[Any, ...]) -> None:
        """Write one document."""
        for position, (column, value) in enumerate(zip(columns.COLUMNS, row, strict=True)):
            shown = _KIND_LABELS[value] if column.holds == "kind" else value
            self.write(self.sheets[-1], position, shown, column.holds)
        self.line += 1

    def write(self, sheet: Any, position: int, value: Any, holds: str = "amount") -> None:
        """Write one cell with the type of its value; nothing where there is none."""
        if isinstance(value, Decimal):
            # Excel's own numbers have 15 digits, which holds every amount of the ledger.
            sheet.write_number(self.line, position, float(value), self.formats[holds])
        elif isinstance(value, int):
            sheet.write_number(self.line, position, value)
        elif isinstance(value, datetime):
            # Excel knows no zones.
            moment = value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
            sheet.write_datetime(self.line, position, moment, self.formats["moment"])
        elif isinstance(value, date):
            sheet.write_datetime(self.line, position, value, self.formats["date"])
        elif value:
            sheet.write_string(self.line, position, str(value))

    def write_totals(self, totals: list[Total]) -> None:
        """Write the sheet of totals."""
        sheet = self.book.add_worksheet("Totals")
        sheet.set_column(0, len(_TOTALS) - 1, 16)
        for position, heading in enumerate(_TOTALS):
            sheet.write_string(0, position, heading, self.bold)
        for self.line, total in enumerate(totals, start=1):
            for position, name in enumerate(_TOTALS.values()):
                self.write(sheet, position, getattr(total, name))


def write_facts(book: Any, facts: Facts, bold: Any) -> None:
    """Write the last sheet: whose rows, which of them, as of when, and whether all."""
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 90)
    for line, (label, text) in enumerate(facts.in_words):
        sheet.write_string(line, 0, label, bold)
        sheet.write_string(line, 1, text)
