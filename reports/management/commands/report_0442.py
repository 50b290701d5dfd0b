"""Report #0442 from the shell: `manage.py report_0442 PORTAL_SLUG [--from] [--to] ...`."""

import argparse
import io
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from connected_apps import book_days
from connected_apps import queries as connections
from lrm import snapshots
from lrm.models import Portal
from reports import csv_export, file_facts, json_export, workbook
from reports.file_facts import Facts
from reports.synced_invoices import Criteria

Writer = Callable[[Criteria, Facts, IO[bytes]], None]
# Characters that are printed at a time.
PIECE = 1 << 16


def _write_csv(criteria: Criteria, facts: Facts, target: IO[bytes]) -> None:
    csv_export.write_csv(criteria, target, facts=facts)


def _write_json(criteria: Criteria, facts: Facts, target: IO[bytes]) -> None:
    for piece in json_export.json_of(criteria, facts):
        target.write(piece.encode())


def _write_workbook(criteria: Criteria, facts: Facts, target: IO[bytes]) -> None:
    workbook.write_workbook(criteria, target, facts=facts)


_WRITERS: dict[str, Writer] = {
    "csv": _write_csv,
    "json": _write_json,
    "xlsx": _write_workbook,
}


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
        parser.add_argument(
            "--as-at", type=_day, metavar="YYYY-MM-DD", help="what was owed on that day"
        )
        parser.add_argument("--format", choices=("csv", "xlsx", "json"), default="csv")
        parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the report, or say what is wrong without writing anything."""
        criteria = self._criteria(options)
        output: Path | None = options["output"]
        write = _WRITERS[options["format"]]
        if output is not None:
            _write_file(output, write, criteria)
        elif options["format"] == "xlsx":
            raise CommandError("A workbook is not text: name a file with --output FILE.")
        else:
            self._print(write, criteria)

    def _print(self, write: Writer, criteria: Criteria) -> None:
        with tempfile.TemporaryFile() as target:
            _write(write, criteria, target)
            target.seek(0)
            with io.TextIOWrapper(target, encoding="utf-8", newline="") as text:
                while piece := text.read(PIECE):
                    self.stdout.write(piece, ending="")

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
        today = book_days.today_of(portal=portal, organisation=organisation, now=timezone.now())
        as_at = options["as_at"]
        if as_at and as_at > today:
            raise CommandError(f"--as-at {as_at} has not come yet.")
        return Criteria(
            organisation=organisation,
            today=as_at or today,
            date_from=date_from,
            date_to=date_to,
            as_at=as_at,
        )


@snapshots.one_moment()
def _write(write: Writer, criteria: Criteria, target: IO[bytes]) -> None:
    facts = file_facts.facts_of(criteria, portal=criteria.organisation.portal, now=timezone.now())
    write(criteria, facts, target)


def _write_file(output: Path, write: Writer, criteria: Criteria) -> None:
    partial = _partial(output)
    with partial.open("wb") as target:
        _write(write, criteria, target)
    partial.replace(output)


def _partial(output: Path) -> Path:
    """Return the name to write under: half a report must never stand under the real one."""
    return output.with_name(f"{output.name}.partial")
