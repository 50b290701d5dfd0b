"""Report #0442 as an Excel workbook: amounts are numbers, dates are dates, text stays text.

Rows are written to disk as they come, so memory stays flat. A sheet of Excel holds 1,048,576
rows; longer reports go on in further sheets.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

from invoices.document_rows import DocumentRow
from invoices.models import Kind
from reports import columns
from reports.synced_invoices import RunningTotals, Total

ROWS_A_SHEET = 1_000_000
_WIDTHS: dict[columns.Holds, int] = {
    "kind": 14,
    "text": 20,
    "date": 12,
    "amount": 15,
    "learners": 20,
    "id": 38,
}
_KIND_LABELS = {kind.value: kind.label for kind in Kind}
# Heading of the totals' sheet, and what of `Total` stands below it.
_TOTALS = {
    "Kind": "label",
    "Currency": "currency",
    "Documents": "count",
    "Total": "total",
    "Of which voided or deleted": "cancelled_count",
    "Their total": "cancelled_total",
    "Total without those": "standing_total",
    "Paid": "amount_paid",
    "Credited": "amount_credited",
    "Due or credit left (approved only)": "amount_due",
}
_OPTIONS = {
    "constant_memory": True,
    # Nothing from Xero becomes a formula, a link or a number by looking like one.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_workbook(rows: Iterable[DocumentRow], target: IO[bytes]) -> None:
    """Write the workbook to an open binary file: the rows, then a sheet of their totals."""
    totals = RunningTotals()
    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        writer = _Writer(book)
        for position, row in enumerate(totals.watch(rows)):
            if position % ROWS_A_SHEET == 0:
                writer.start_sheet()
            writer.write_row(row)
        if not writer.sheets:
            writer.start_sheet()
        writer.write_totals(totals.in_order())


class _Writer:
    """The sheets of one workbook with their formats."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.sheets: list[Any] = []
        self.line = 0
        self.bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self.formats = {
            "amount": book.add_format({"num_format": "#,##0.00##"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        }

    def start_sheet(self) -> None:
        """Begin the next sheet of rows."""
        name = f"Documents {len(self.sheets) + 1}" if self.sheets else "Documents"
        sheet = self.book.add_worksheet(name)
        for position, column in enumerate(columns.COLUMNS):
            sheet.set_column(position, position, _WIDTHS[column.holds])
            sheet.write_string(0, position, column.heading, self.bold)
        sheet.freeze_panes(1, 0)
        self.sheets.append(sheet)
        self.line = 1

    def write_row(self, row: DocumentRow) -> None:
        """Write one document."""
        for position, column in enumerate(columns.COLUMNS):
            value = getattr(row, column.field)
            if column.holds == "kind":
                value = _KIND_LABELS[value]
            self.write(self.sheets[-1], position, value)
        self.line += 1

    def write(self, sheet: Any, position: int, value: Any) -> None:
        """Write one cell with the type of its value; nothing where there is none."""
        if isinstance(value, Decimal):
            # Excel's own numbers have 15 digits, which holds every amount of the ledger.
            sheet.write_number(self.line, position, float(value), self.formats["amount"])
        elif isinstance(value, int):
            sheet.write_number(self.line, position, value)
        elif isinstance(value, date):
            sheet.write_datetime(self.line, position, value, self.formats["date"])
        elif value:
            sheet.write_string(self.line, position, str(value))

    def write_totals(self, totals: list[Total]) -> None:
        """Write the last sheet."""
        sheet = self.book.add_worksheet("Totals")
        sheet.set_column(0, len(_TOTALS) - 1, 16)
        for position, heading in enumerate(_TOTALS):
            sheet.write_string(0, position, heading, self.bold)
        for self.line, total in enumerate(totals, start=1):
            for position, name in enumerate(_TOTALS.values()):
                self.write(sheet, position, getattr(total, name))
