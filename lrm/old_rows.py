"""Deleting rows that are older than people want, a few at a time.

Rows are looked through in the order of their ids, which is nearly that of their age, and no further
than the first batch in which nothing is old: so a turn costs little where there is nothing to do,
however large the table. Each batch is a transaction of its own that locks nothing but what it
deletes; what another worker has locked is left for the next time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

BATCH = 2000
MOST_BATCHES = 25


@dataclass(frozen=True)
class Table:
    """A table whose rows are not kept for ever.

    :param moment: the column by which a row is old.
    :param stays: what keeps a row however old it is, as SQL.
    """

    name: str
    moment: str
    stays: str = "false"


def delete(table: Table, *, days: int, now: datetime) -> bool:
    """Delete what is older than so many days; return whether there may be more.

    :param days: 0 keeps everything for ever.
    """
    if days <= 0:
        return False
    before, after = now - timedelta(days=days), 0
    for _ in range(MOST_BATCHES):
        ids, last = _next(table, before, after)
        if last == after or not ids:
            return False
        _delete_batch(table, ids)
        after = last
    return True


def _next(table: Table, before: datetime, after: int) -> tuple[list[int], int]:
    """Return the old ids among the next rows, and the last id of those rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, {table.moment} < %s FROM {table.name} "  # noqa: S608 - names of this code
            "WHERE id > %s ORDER BY id LIMIT %s",
            [before, after, BATCH],
        )
        rows = cursor.fetchall()
    return [pk for pk, is_old in rows if is_old], rows[-1][0] if rows else after


def _delete_batch(table: Table, ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table.name} WHERE id IN ("  # noqa: S608 - names of this code
            f"SELECT id FROM {table.name} WHERE id = ANY(%s) AND NOT ({table.stays}) "
            "FOR UPDATE SKIP LOCKED)",
            [ids],
        )
