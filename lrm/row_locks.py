"""Rows of one table, locked in the order of their ids before many of them are changed.

PostgreSQL locks the rows of an `UPDATE` in the order in which it comes upon them, which is another
in every plan and after every change. Two that change the same rows would each wait for what the
other has. Whoever changes several rows that others change too goes through here.

Foreign keys lock as well: a row that is inserted, or changed twice in one transaction, keeps the
row that it refers to from being saved, from the end of that transaction on.
"""

from typing import Any, TypeVar

from django.db import models, transaction

M = TypeVar("M", bound=models.Model)


def lock(rows: models.QuerySet[M]) -> list[Any]:
    """Lock these rows until the caller's transaction ends, and return their ids."""
    ordered = rows.order_by("pk").select_for_update(of=("self",))
    return list(ordered.values_list("pk", flat=True))


def update(rows: models.QuerySet[M], **changes: Any) -> int:
    """Change these rows, as `QuerySet.update` does, and return how many there were."""
    with transaction.atomic(savepoint=False):
        ids = lock(rows)
        return rows.model._default_manager.filter(pk__in=ids).update(**changes) if ids else 0
