"""Report #0442 from the shell: `manage.py report_0442 PORTAL_SLUG [--from] [--to] ...`."""

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connected_apps import queries as connections
from lrm.models import Portal
from reports import exports, synced_invoices, workbook
from reports.synced_invoices import Criteria, Row


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a date. Write it like 2026-07-01."
        ) from None


class Command(BaseCommand):
    """Write the synced documents of a portal's organisation, by document date."""

    help = "Report #0442: synced documents as CSV, XLSX or JSON. Without dates: all of them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments; dates are document dates, both ends included."""
        parser.add_argument("portal", metavar="PORTAL_SLUG")
        parser.add_argument("--from", dest="date_from", type=_day, metavar="YYYY-MM-DD")
        parser.add_argument("--to", dest="date_to", type=_day, metavar="YYYY-MM-DD")
        parser.add_argument("--format", choices=("csv", "xlsx", "json"), default="csv")
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the report, or say what is wrong without writing anything."""
        output: Path | None = options["output"]
        rows = synced_invoices.rows_of(self._criteria(options))
        if options["format"] == "xlsx":
            if output is None:
                raise CommandError("A workbook is not text: name a file with --output FILE.")
            _write_file(output, rows)
            return
        pieces = exports.json_of(rows) if options["format"] == "json" else exports.csv_of(rows)
        if output is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
        else:
            _write_text(output, pieces)

    def _criteria(self, options: dict[str, Any]) -> Criteria:
        portal = Portal.objects.filter(slug=options["portal"]).first()
        if portal is None:
            raise CommandError(f"There is no portal {options['portal']!r}.")
        organisation = connections.current_organisation(portal)
        if organisation is None:
            raise CommandError(f"{portal.name} has never been connected to Xero.")
        date_from, date_to = options["date_from"], options["date_to"]
        if date_from and date_to and date_to < date_from:
            raise CommandError(f"--to {date_to} is before --from {date_from}.")
        return Criteria(organisation=organisation, date_from=date_from, date_to=date_to)


def _write_text(output: Path, pieces: Iterator[str]) -> None:
    partial = _partial(output)
    with partial.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)
    partial.replace(output)


def _write_file(output: Path, rows: Iterator[Row]) -> None:
    partial = _partial(output)
    with partial.open("wb") as file:
        workbook.write_workbook(rows, file)
    partial.replace(output)


def _partial(output: Path) -> Path:
    """Return the name to write under: half a report must never stand under the real one."""
    return output.with_name(f"{output.name}.partial")
