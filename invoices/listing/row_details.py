"""What opens in place below a row: the first lines of a document, and its payments.

Two queries for a whole page of rows. A document of a thousand lines shows the first few here and
all of them on its own page.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from invoices.listing.document_rows import ShownRow
from invoices.models import LineItem, Payment

Part = TypeVar("Part", LineItem, Payment)

MOST_LINES = 12


def with_details(rows: Sequence[ShownRow]) -> tuple[ShownRow, ...]:
    """Return the rows with their first lines and their payments."""
    ids = [row.document.id for row in rows]
    lines = _by_document(
        LineItem.objects.filter(document_id__in=ids, position__lte=MOST_LINES).order_by("position")
    )
    payments = _by_document(Payment.objects.filter(document_id__in=ids).order_by("date", "id"))
    return tuple(
        replace(
            row,
            lines=tuple(lines[row.document.id][:MOST_LINES]),
            has_more_lines=len(lines[row.document.id]) > MOST_LINES,
            payments=tuple(payments[row.document.id]),
        )
        for row in rows
    )


def _by_document(found: Iterable[Part]) -> defaultdict[int, list[Part]]:
    grouped: defaultdict[int, list[Part]] = defaultdict(list)
    for one in found:
        grouped[one.document_id].append(one)
    return grouped
