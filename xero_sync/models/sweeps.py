"""How far each sweep has come, and what the last daily count said."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from connected_apps.models import Organisation
from xero_sync.models.leased_row import LeasedRow
from xero_sync.resources import PAGE_SIZE, Resource


class Cursor(LeasedRow):
    """How far the sweep of one resource of an organisation has come, and when the next is due."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    resource = models.CharField(max_length=12, choices=Resource.choices)
    # Everything modified up to here is stored. Null: never swept, so all of it is pulled.
    swept_through = models.DateTimeField(null=True)
    # Where Xero refuses to list all that was modified since: the walk goes no further than this.
    until = models.DateTimeField(null=True)
    # Of a sweep in progress: its start and its page, so that it resumes where it was.
    walk_started_at = models.DateTimeField(null=True)
    next_page = models.PositiveIntegerField(default=1)
    # How many rows a page of it holds, and how many Xero counted when the last one was read.
    page_size = models.PositiveIntegerField(default=PAGE_SIZE, db_default=PAGE_SIZE)
    item_count = models.PositiveIntegerField(null=True)
    last_swept_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField()
    problem = models.CharField(max_length=300, blank=True)
    # When a sweep last found what a webhook should have brought, and how much; the channel is
    # healthy again once an event of this resource arrives after it.
    missed_at = models.DateTimeField(null=True)
    missed_count = models.PositiveIntegerField(default=0)
    # The daily count: when it is due, what it said last.
    count_due_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    count_in_xero = models.PositiveIntegerField(null=True)
    # What is accounted for here, and how many of these are quarantined and not stored at all.
    count_here = models.PositiveIntegerField(null=True)
    count_missing = models.PositiveIntegerField(default=0, db_default=0)
    # What Xero counts without any filter, less the sales and the purchases: documents that no
    # filter of ours would ever show. Null where Xero gave no such count.
    count_unknown = models.PositiveIntegerField(null=True)

    DUE_COLUMN = "next_due_at"

    # Whether the worker that took this row took up a walk that had broken off.
    was_resumed = False
    # Whether events may be trusted to tell of every change of it, as that worker found.
    is_trusted = False
    # Whether there was nothing to store, and nothing else to say but that it was swept.
    is_idle = False

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "resource"], name="cursor_once")
        ]
        indexes: ClassVar = [models.Index(fields=["next_due_at"], name="cursor_due")]

    def __str__(self) -> str:
        return f"{self.resource} of {self.organisation_id}"

    @property
    def count_stored(self) -> int:
        """How many the daily count found stored here: without what could not be saved."""
        return (self.count_here or 0) - self.count_missing

    def columns_when_put_off(self, *, until: datetime, why: str, now: datetime) -> dict[str, Any]:
        """Return how a sweep waits."""
        return {"next_due_at": until, "problem": why}


class FullReading(LeasedRow):
    """How far the re-reading of an organisation's open documents has come.

    The daily check makes the row. Each round goes on where the one before it ended, so that what
    Xero does not give any more keeps nothing else from being read.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE)
    not_before = models.DateTimeField(null=True)
    # {kind: [when the last one asked for had been read, its id]}; without a kind: from the oldest.
    asked_through = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"full reading of {self.organisation_id}"


class DailyCheck(LeasedRow):
    """The lease on an organisation's daily check: one worker at a time counts for it.

    When the count of a kind is due stands with its cursor; here is only when to try again.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE)
    not_before = models.DateTimeField(null=True)
    # The latest count of a kind after which the rest of the day's upkeep was done. It is owed while
    # a cursor has a later one; null: after none.
    rest_done_for = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"daily check of {self.organisation_id}"
