"""Report #0442 as CSV, written by PostgreSQL itself.

COPY writes the lines as fast as they can be read, some ten times faster than rows that pass
through Python, and never holds more than one of them. The file is complete before its first byte
is sent: a download that breaks off half way cannot be mistaken for the whole report.

Text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP's page on CSV
injection). Amount columns hold numbers only, so that negative amounts stay numbers.

A line of CSV has nothing above it that could say whose rows these are: each carries it, in columns
of its own at the end.
"""

from typing import IO

from django.db import connection

from invoices.models import Kind
from lrm import csv_text, snapshots
from reports import columns, export_query
from reports.file_facts import Facts
from reports.synced_invoices import Criteria

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_FORMULA = csv_text.PATTERN.replace("'", "''")
# Nearly every text begins with a letter or a digit: with a character from A to z, or from 0 to <.
# No formula begins so, and a number is compared ten times as fast as a pattern.
_HARMLESS = (
    "CASE WHEN ascii({sql}) BETWEEN 65 AND 122 OR ascii({sql}) BETWEEN 48 AND 60 THEN {sql}"
    f" WHEN {{sql}} ~ '{_FORMULA}' THEN '''' || {{sql}} ELSE nullif({{sql}}, '') END"
)
# Two decimals, and four only where the amount needs them: the same as `invoices.amounts.plain`.
_AMOUNT = "CASE WHEN min_scale({sql}) <= 2 THEN round({sql}, 2) ELSE {sql} END"
_KIND = (
    "CASE {sql} " + " ".join(f"WHEN '{kind.value}' THEN '{kind.label}'" for kind in Kind) + " END"
)
_MOMENT = "to_char(({sql}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
_EXPRESSIONS: dict[columns.Holds, str] = {
    "kind": _KIND,
    "text": _HARMLESS,
    # As the driver has PostgreSQL write it, which is ISO 8601.
    "date": "{sql}",
    "moment": _MOMENT,
    "amount": _AMOUNT,
    "rate": "{sql}",
    "count": "{sql}",
    "id": "{sql}",
}


@snapshots.one_moment()
def write_csv(
    criteria: Criteria, target: IO[bytes], *, facts: Facts, for_excel: bool = False
) -> None:
    """Write the report to an open binary file as UTF-8, headings first.

    `for_excel` puts a byte order mark in front, without which Excel garbles accented names.
    """
    if for_excel:
        target.write(BYTE_ORDER_MARK)
    with connection.cursor() as cursor:
        written = [f'{_as_text(one)} AS "{one.heading}"' for one in columns.COLUMNS]
        for place, (heading, _) in enumerate(facts.in_csv):
            written.append(f'fact.fact_{place} AS "{heading}"')
        given = ", ".join(f"%s::text AS fact_{place}" for place in range(len(facts.in_csv)))
        text, parameters = export_query.statement(
            criteria, [(one.name, one.sql) for one in columns.COLUMNS]
        )
        # OFFSET 0 keeps values apart from how they are written, which names them several times.
        # Of lines and facts, both from code, only values are parameters.
        source = f"({text} OFFSET 0) AS line, (SELECT {given} OFFSET 0) AS fact"
        statement = f"SELECT {', '.join(written)} FROM {source}"  # noqa: S608 - both from code
        # COPY takes no parameters of its own: the driver quotes them into the statement.
        whole = cursor.mogrify(
            f"COPY ({statement}) TO STDOUT WITH (FORMAT csv, HEADER)",
            [*parameters, *(csv_text.harmless(fact) for _, fact in facts.in_csv)],
        )
        cursor.copy_expert(whole, target)


def _as_text(column: columns.Column) -> str:
    return _EXPRESSIONS[column.holds].format(sql=f"line.{column.name}")
