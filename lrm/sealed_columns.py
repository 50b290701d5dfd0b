"""Columns of secrets: written and read by whoever owns them, sealed anew when keys are replaced.

A value that nobody seals anew with the newest key can never be read again once the old key is taken
out of `TOKEN_ENCRYPTION_KEYS`. So a column is named once, as a `SealedColumn`, by which its owner
writes and reads it, and the same one is handed to those who replace keys (`Sealed`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models, transaction

from lrm import sealed_values


class Sealed(Protocol):
    """Some rows with secrets, as whoever replaces keys and looks after them needs them."""

    @property
    def label(self) -> str:
        """What the rows are, in the plural, such as "grants"."""
        ...

    @property
    def columns(self) -> Collection[str]:
        """The columns as `table.column`."""
        ...

    def seal_anew(self) -> int:
        """Encrypt every value with the newest key, row by row; return how many rows.

        :raises sealed_values.CannotOpen: none of the keys fits a value.
        """
        ...

    def count(self) -> tuple[int, int]:
        """Return how many rows hold a value, and how many of them no key opens."""
        ...


@dataclass(frozen=True, kw_only=True)
class SealedColumn:
    """A `BinaryField` of a model that belongs to a portal. Null, or empty, where there is no value.

    :param portal: the attribute that holds the portal's id; a value opens in its portal alone.
    """

    model: type[models.Model]
    column: str
    label: str
    portal: str = "portal_id"

    @property
    def columns(self) -> Collection[str]:
        """The one column, as `Sealed` wants it."""
        return (f"{self.model._meta.db_table}.{self.column}",)

    def put(self, row: models.Model, text: str) -> None:
        """Put a value on a row that has its id, sealed with the newest key; the caller saves it.

        :raises ValueError: the row has no id yet, to which the value could be bound.
        """
        if row.pk is None:
            raise ValueError("Save the row first: a value is sealed for the row that it stands in.")
        setattr(row, self.column, sealed_values.seal(text, place=self._place(row)))

    def read(self, row: models.Model) -> str:
        """Return the value of a row; empty where there is none.

        :raises sealed_values.CannotOpen: no key fits, or it was sealed for another place.
        """
        stored = getattr(row, self.column)
        return sealed_values.unseal(stored, place=self._place(row)) if stored else ""

    def seal_anew(self) -> int:
        """Encrypt every value with the newest key, each in its own transaction."""
        ids = list(self._rows().order_by("pk").values_list("pk", flat=True))
        return sum(self._seal_one(pk) for pk in ids)

    def count(self) -> tuple[int, int]:
        """Return how many rows hold a value, and how many of them no key opens."""
        there = unreadable = 0
        for row in self._rows().iterator():
            there += 1
            try:
                self.read(row)
            except sealed_values.CannotOpen:
                unreadable += 1
        return there, unreadable

    def _seal_one(self, pk: Any) -> int:
        with transaction.atomic():
            row = self._rows().select_for_update().filter(pk=pk).first()
            if row is None:
                return 0
            self.put(row, self.read(row))
            row.save(update_fields=[self.column])
        return 1

    def _rows(self) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = self.model._default_manager.exclude(**{self.column: None})
        return rows.exclude(**{self.column: b""})

    def _place(self, row: models.Model) -> str:
        return sealed_values.place_of(
            table=self.model._meta.db_table,
            row=row.pk,
            column=self.column,
            portal=getattr(row, self.portal),
        )
