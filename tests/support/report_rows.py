"""Asking report #0442 for its rows without a page or a file."""

from typing import Any

from connected_apps.models import Organisation
from reports import columns, export_query, totals
from reports.synced_invoices import Criteria
from reports.totals import Total
from tests.support import document_builders


def criteria_of(organisation: Organisation, **filters: Any) -> Criteria:
    """Return what is asked for on the builders' day."""
    return Criteria(organisation=organisation, **{"today": document_builders.TODAY, **filters})


def rows_of(criteria: Criteria) -> list[dict[str, Any]]:
    """Return the rows of a file by the names of their columns."""
    names = [column.name for column in columns.COLUMNS]
    rows = export_query.rows_of(criteria, columns.COLUMNS)
    return [dict(zip(names, row, strict=True)) for row in rows]


def numbers_of(criteria: Criteria) -> list[str]:
    """Return the numbers of the rows in their order."""
    return [row["number"] for row in rows_of(criteria)]


def totals_of(criteria: Criteria) -> list[Total]:
    """Return the rows of the totals."""
    return list(totals.totals_of(criteria).rows)
