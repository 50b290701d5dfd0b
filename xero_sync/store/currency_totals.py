"""Sums of what was read, compared with sums of what is stored, currency by currency.

Documents of which a newer version is stored are left out: they tell nothing of what was read.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from xero_sync.store import differing
from xero_sync.store.differing import Differing


class Both(NamedTuple):
    """The sum of documents as they were read, and as they are stored."""

    read: Decimal
    stored: Decimal


Totals = dict[str, Both]  # By currency.

MOST_NAMED = 20
_NOTHING = Both(Decimal(), Decimal())
_READ_AND_STORED = """
  FROM {staging} incoming
  LEFT JOIN invoices_document stored
    ON stored.organisation_id = %s AND stored.kind = incoming.kind
   AND stored.xero_id = incoming.xero_id
 WHERE (stored.digest IS NULL OR stored.digest = incoming.digest)
"""


def of_written(read: Iterable[tuple[str, str, Decimal]], written: Mapping[str, Decimal]) -> Totals:
    """Return both sums of a page of which every document was just written.

    :param read: id, currency and total of each.
    :param written: by id the total that is stored now.
    """
    found: Totals = {}
    for xero_id, currency, total in read:
        before = found.get(currency, _NOTHING)
        found[currency] = Both(before.read + total, before.stored + written[xero_id])
    return found


def looked_up(cursor: Any, staging: str, organisation_id: int) -> Totals:
    """Return both sums of a page of which some documents were stored before.

    :param staging: the table with the page's documents.
    """
    cursor.execute(
        f"""
        SELECT incoming.currency, sum(incoming.total), coalesce(sum(stored.total), 0)
          {_READ_AND_STORED.format(staging=staging)}
         GROUP BY incoming.currency
        """,
        [organisation_id],
    )
    return {currency: Both(read, stored) for currency, read, stored in cursor.fetchall()}


def together(*parts: Totals) -> Totals:
    """Return the sums of all parts."""
    whole: Totals = {}
    for part in parts:
        for currency, both in part.items():
            before = whole.get(currency, _NOTHING)
            whole[currency] = Both(before.read + both.read, before.stored + both.stored)
    return whole


def as_json(totals: Totals) -> dict[str, list[str]]:
    """Return totals as a JSON column holds them: decimal strings."""
    return {currency: [str(both.read), str(both.stored)] for currency, both in totals.items()}


def from_json(kept: Mapping[str, Sequence[str]]) -> Totals:
    """Return totals from what `as_json` returned."""
    return {
        currency: Both(Decimal(read), Decimal(stored)) for currency, (read, stored) in kept.items()
    }


def agree(totals: Totals) -> bool:
    """Return whether what was read is what is stored, to the last place."""
    return all(each.read == each.stored for each in totals.values())


def differences(cursor: Any, staging: str, organisation_id: int) -> list[Differing]:
    """Return the documents of a page that come to something else here than in Xero."""
    cursor.execute(
        f"""
        SELECT incoming.kind, coalesce(nullif(incoming.number, ''), incoming.xero_id::text),
               incoming.xero_id::text, incoming.currency, incoming.total, stored.total
          {_READ_AND_STORED.format(staging=staging)}
           AND stored.total IS DISTINCT FROM incoming.total
         ORDER BY 2 LIMIT {differing.MOST_KEPT}
        """,  # noqa: S608 - a table name of the writer's
        [organisation_id],
    )
    return [
        Differing(
            how=differing.NOT_STORED if stored is None else differing.OTHER_AMOUNT,
            kind=kind,
            number=number,
            xero_id=xero_id,
            currency=currency,
            in_xero=str(read),
            here="" if stored is None else str(stored),
        )
        for kind, number, xero_id, currency, read, stored in cursor.fetchall()
    ]
