"""The one statement behind every file of report #0442, so that no two of them can differ.

It gives typed values in the order of the columns; CSV writes them as text inside PostgreSQL, the
workbook and JSON take them row by row through a cursor of the server, a batch in memory at a time.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from invoices import queries, settlement
from invoices.document_sums import Sql
from invoices.models import Kind
from lrm import snapshots
from reports import synced_invoices
from reports.columns import Column
from reports.synced_invoices import Criteria

# Rows of an export that are in memory at a time.
BATCH = 2000
# What the query of documents gives.
_FIELDS = (
    *("id", "kind", "xero_id", "number", "reference", "status", "contact_xero_id"),
    *("contact_name", "date", "due_date", "fully_paid_on", "currency", "currency_rate"),
    *("sub_total", "total_tax", "total", "paid", "credited", "amount_due", "synced_at"),
)
_DIRECTIONS = {True: "DESC", False: "ASC"}
_AMOUNT = "trim_scale(allocation.amount)"
_TWO_PLACES = f"CASE WHEN scale({_AMOUNT}) < 2 THEN round({_AMOUNT}, 2) ELSE {_AMOUNT} END"
_KIND_WORDS = (
    "CASE credit.kind "
    + " ".join(f"WHEN '{kind.value}' THEN '{kind.label}'" for kind in Kind)
    + " END"
)
_NAMES = {
    "used": "coalesce(nullif(allocation.invoice_number, ''), 'an invoice without a number')",
    "settled": f"coalesce(nullif(credit.number, ''), {_KIND_WORDS})",
}

# A credit is applied from the day on which it, the invoice and the applying are all dated, as in
# `as_at`; an invoice that is not known counts by the two others.
_INVOICES = f"""LEFT JOIN invoices_document AS invoice
          ON invoice.organisation_id = credit.organisation_id
         AND invoice.kind = '{Kind.INVOICE.value}' AND invoice.xero_id = allocation.invoice_xero_id
"""
_DATED_UNTIL = "AND greatest(allocation.date, credit.date, invoice.date) <= %s"


def _applied(name: str, key: str, *, until: bool) -> str:
    dated = _DATED_UNTIL if until else ""
    return f"""
        SELECT {key} AS other,
               string_agg({_NAMES[name]} || ' ' || {_TWO_PLACES}, '; '
                          ORDER BY allocation.date, allocation.id) AS words
        FROM invoices_allocation AS allocation
        JOIN invoices_document AS credit ON credit.id = allocation.document_id
        {_INVOICES if until else ""}
        WHERE credit.organisation_id = %s {dated}
        GROUP BY {key}
    """  # noqa: S608 - names of this module


def statement(criteria: Criteria, selected: Sequence[tuple[str, str]]) -> Sql:
    """Return the statement that gives these expressions under these names, in the report's order.

    They may name a `document`, its learners in `named`, what it `used` or what `settled` it, and
    what is so `here`: today, the organisation's currency and its short code.
    """
    documents = settlement.with_settlement(synced_invoices.documents_of(criteria))
    fields = [criteria.names.get(name, name) for name in _FIELDS]
    inner, parameters = documents.order_by().values_list(*fields).query.sql_with_params()
    written = ", ".join(f'{expression} AS "{name}"' for name, expression in selected)
    order = criteria.order
    direction = _DIRECTIONS[order.is_descending]
    organisation, until = criteria.organisation, criteria.as_at is not None
    # OFFSET 0 lets nothing of the outer query into the inner one, where amounts that are looked up
    # would be looked up anew each time a column names them.
    # Only names and texts of these modules are put together here; values go as parameters.
    text = f"""
        SELECT {written}
        FROM ({inner} OFFSET 0) AS document ({", ".join(_FIELDS)})
        CROSS JOIN (SELECT %s::date AS today, %s::text AS base_currency, %s::text AS short_code)
            AS here
        LEFT JOIN (
            SELECT link.contact_xero_id, string_agg(l.number, '; ' ORDER BY l.number) AS numbers
            FROM invoices_contactlink AS link JOIN lrm_learner AS l ON l.id = link.learner_id
            WHERE link.organisation_id = %s
            GROUP BY link.contact_xero_id
        ) AS learner ON learner.contact_xero_id = document.contact_xero_id
        LEFT JOIN unnest(%s::bigint[], %s::text[]) AS kept (document_id, numbers)
            ON kept.document_id = document.id
        CROSS JOIN LATERAL (
            SELECT kept.document_id IS NOT NULL,
                CASE WHEN kept.document_id IS NULL THEN learner.numbers ELSE kept.numbers END
        ) AS named (is_withheld, numbers)
        LEFT JOIN ({_applied("used", "allocation.document_id", until=until)}) AS used
            ON used.other = document.id AND document.kind <> '{Kind.INVOICE}'
        LEFT JOIN ({_applied("settled", "allocation.invoice_xero_id", until=until)}) AS settled
            ON settled.other = document.xero_id AND document.kind = '{Kind.INVOICE}'
        ORDER BY document.{order.field} {direction}, document.id {direction}
    """  # noqa: S608 - names of this module
    here = criteria.today, organisation.base_currency, organisation.short_code
    applied = (organisation.pk, criteria.as_at) if until else (organisation.pk,)
    kept = queries.withheld_documents(organisation)
    numbers = ["; ".join(one.number for one in each.learners) for each in kept.values()]
    return Sql(text, (*parameters, *here, organisation.pk, list(kept), numbers, *applied, *applied))


def rows_of(criteria: Criteria, columns: Sequence[Column]) -> Iterator[tuple[Any, ...]]:
    """Yield the values of every row, with never more than a batch of them in memory.

    They are of one moment, and whom they name as well; a cursor of the server reads them.
    """
    with snapshots.one_moment(), connection.chunked_cursor() as cursor:
        cursor.execute(*statement(criteria, [(one.name, one.sql) for one in columns]))
        while rows := cursor.fetchmany(BATCH):
            yield from rows
