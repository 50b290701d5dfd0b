"""Sums of what was read held against sums of what is stored, currency by currency.

Rows of which something newer is stored are left out: they say nothing of what was just read.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from invoices import amounts
from invoices.models import Kind

# By currency: what was read, and what is stored.
Totals = dict[str, tuple[Decimal, Decimal]]

MOST_NAMED = 20
_READ_AND_STORED = """
  FROM {staging} incoming
  LEFT JOIN invoices_document stored
    ON stored.organisation_id = %s AND stored.kind = incoming.kind
   AND stored.xero_id = incoming.xero_id
 WHERE (stored.digest IS NULL OR stored.digest = incoming.digest)
"""


def totals(
    cursor: Any,
    staging: str,
    organisation_id: int,
    read: Sequence[tuple[str, str, Decimal]],
    written: Mapping[str, Decimal],
) -> Totals:
    """Return both sums of a page.

    :param staging: the table with the page's documents.
    :param read: id, currency and total of each.
    :param written: the totals of those that were just written, as they are stored now. Only where
        others are among the page's documents is anything looked up.
    """
    if len(written) == len(read):
        found: Totals = {}
        for xero_id, currency, total in read:
            before = found.get(currency, (Decimal(), Decimal()))
            found[currency] = before[0] + total, before[1] + written[xero_id]
        return found
    cursor.execute(
        f"""
        SELECT incoming.currency, sum(incoming.total), coalesce(sum(stored.total), 0)
          {_READ_AND_STORED.format(staging=staging)}
         GROUP BY incoming.currency
        """,
        [organisation_id],
    )
    return {currency: (read, stored) for currency, read, stored in cursor.fetchall()}


def together(one: Totals, other: Totals) -> Totals:
    """Return the sums of both."""
    nothing = (Decimal(), Decimal())
    return {
        currency: (
            one.get(currency, nothing)[0] + other.get(currency, nothing)[0],
            one.get(currency, nothing)[1] + other.get(currency, nothing)[1],
        )
        for currency in one | other
    }


def agree(both: Totals) -> bool:
    """Return whether what was read is what is stored, to the last place."""
    return all(read == stored for read, stored in both.values())


def differences(cursor: Any, staging: str, organisation_id: int) -> list[str]:
    """Name the documents of a page that come to something else here than in Xero."""
    cursor.execute(
        f"""
        SELECT incoming.kind, coalesce(nullif(incoming.number, ''), incoming.xero_id::text),
               incoming.currency, incoming.total, stored.total
          {_READ_AND_STORED.format(staging=staging)}
           AND stored.total IS DISTINCT FROM incoming.total
         ORDER BY 2 LIMIT {MOST_NAMED}
        """,  # noqa: S608 - a table name of the writer's
        [organisation_id],
    )
    return [
        f"{Kind(kind).label} {number} comes to {currency} {amounts.grouped(read)} in Xero, "
        + (
            "but is not stored here"
            if stored is None
            else f"but {amounts.grouped(stored)} is stored"
        )
        for kind, number, currency, read, stored in cursor.fetchall()
    ]
