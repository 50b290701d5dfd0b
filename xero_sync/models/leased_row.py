"""What every table of work has in common: who works on a row and until when."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models


class LeasedRow(models.Model):
    """A row that one worker at a time works on, for as long as its lease lasts.

    A killed worker's lease lapses, and the row comes free. `jobs.leases` takes, renews and ends
    leases; nobody else writes these columns, except to take a lease away by setting it to null.
    """

    # The column's first name: a release may run beside the one before it.
    leased_until = models.DateTimeField(null=True, db_column="claimed_until")
    # Failures in a row; each makes the next wait longer.
    attempts = models.PositiveIntegerField(default=0)

    # The column that says from when on the row may be taken; null there means at once.
    DUE_COLUMN: ClassVar[str] = "not_before"

    # What the worker that took this row has written as the end of its lease. All but the last are
    # outdated, or the last was rolled back with the caller's transaction: each proves the lease.
    lease_ends: tuple[datetime, ...] = ()

    class Meta:
        abstract = True

    def columns_when_put_off(self, *, until: datetime, why: str, now: datetime) -> dict[str, Any]:
        """Return how this table says when it is tried again and, where it can, why not now."""
        return {self.DUE_COLUMN: until}
