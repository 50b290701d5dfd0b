"""Report #0442 as CSV, written by PostgreSQL itself.

COPY writes the lines as fast as they can be read, some ten times faster than rows that pass
through Python, and never holds more than one of them. The file is complete before its first byte
is sent: a download that breaks off half way cannot be mistaken for the whole report.

Text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP's page on CSV
injection). Amount columns hold numbers only, so that negative amounts stay numbers.
"""

from typing import IO

from django.db import connection

from invoices import settlement
from invoices.models import Kind
from lrm import csv_text
from reports import columns, synced_invoices
from reports.synced_invoices import Criteria

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_FORMULA = csv_text.PATTERN.replace("'", "''")
# Nearly every text begins with a letter or a digit, which is quicker to see.
_HARMLESS = (
    "CASE WHEN {name} ~ '^[A-Za-z0-9]' THEN {name}"
    f" WHEN {{name}} ~ '{_FORMULA}' THEN '''' || {{name}} ELSE nullif({{name}}, '') END"
)
# Two decimals, and four only where the amount needs them: the same as `invoices.amounts.plain`.
_AMOUNT = "CASE WHEN {name} = round({name}, 2) THEN round({name}, 2) ELSE {name} END"
_KIND = (
    "CASE {name} " + " ".join(f"WHEN '{kind.value}' THEN '{kind.label}'" for kind in Kind) + " END"
)
_EXPRESSIONS: dict[columns.Holds, str] = {
    "kind": _KIND,
    "text": _HARMLESS,
    "date": "to_char({name}, 'YYYY-MM-DD')",
    "amount": _AMOUNT,
    "learners": _HARMLESS,
    "id": "{name}",
}
# What the query of documents gives; the numbers of learners are joined to it.
_FIELDS = (
    "id",
    "contact_xero_id",
    *(one.field for one in columns.COLUMNS if one.holds != "learners"),
)


def write_csv(criteria: Criteria, target: IO[bytes], *, for_excel: bool = False) -> None:
    """Write the report to an open binary file as UTF-8, headings first.

    `for_excel` puts a byte order mark in front, without which Excel garbles accented names.
    """
    if for_excel:
        target.write(BYTE_ORDER_MARK)
    documents = settlement.with_settlement(synced_invoices.documents_of(criteria))
    inner, parameters = documents.order_by().values_list(*_FIELDS).query.sql_with_params()
    written = ", ".join(_column(column) for column in columns.COLUMNS)
    # OFFSET 0 lets nothing of the outer query into the inner one, where amounts that are looked up
    # would be looked up anew each time a column names them.
    # Only names and texts of this module are put together here; values go as parameters.
    statement = f"""
        COPY (
            SELECT {written}
            FROM ({inner} OFFSET 0) AS document
            LEFT JOIN (
                SELECT link.contact_xero_id,
                       string_agg(l.number, '; ' ORDER BY l.number) AS learner_number
                FROM invoices_contactlink AS link JOIN lrm_learner AS l ON l.id = link.learner_id
                WHERE link.organisation_id = %s
                GROUP BY link.contact_xero_id
            ) AS learner USING (contact_xero_id)
            ORDER BY date DESC, document.id DESC
        ) TO STDOUT WITH (FORMAT csv, HEADER)
    """  # noqa: S608
    with connection.cursor() as cursor:
        # COPY takes no parameters of its own: the driver quotes them into the statement.
        whole = cursor.mogrify(statement, [*parameters, criteria.organisation.id])
        cursor.copy_expert(whole, target)


def _column(column: columns.Column) -> str:
    return f'{_EXPRESSIONS[column.holds].format(name=column.field)} AS "{column.heading}"'
