"""What a person asked for: sync runs, their steps and closing sweeps, and their log."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from connected_apps.models import Organisation
from lrm.models import Portal, User
from xero_sync.models.leased_row import LeasedRow
from xero_sync.resources import PAGE_SIZE, Resource


class RunState(models.TextChoices):
    """The life of a sync run."""

    QUEUED = "QUEUED", "Queued"
    RUNNING = "RUNNING", "Running"
    PAUSED = "PAUSED", "Paused"
    VERIFYING = "VERIFYING", "Verifying"
    DONE = "DONE", "Done"
    DONE_WITH_PROBLEMS = "DONE_WITH_PROBLEMS", "Done with problems"
    CANCELLED = "CANCELLED", "Cancelled"


# There is still work to do; or it came to its end by itself.
OPEN_RUNS = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED, RunState.VERIFYING)


ENDED_RUNS = (RunState.DONE, RunState.DONE_WITH_PROBLEMS)


class RunWhat(models.TextChoices):
    """What a person asked to be re-synced."""

    DOCUMENTS = "documents", "Documents"
    CHANGED = "changed", "Documents that changed in Xero between two moments"
    LEARNERS = "learners", "Learners that did not reach Xero"


class SyncRun(LeasedRow):
    """A person's request to pull a date range, from asking to the verified end."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="sync_runs")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    generation = models.PositiveIntegerField()
    what = models.CharField(max_length=10, choices=RunWhat.choices, default=RunWhat.DOCUMENTS)
    date_from = models.DateField()
    date_to = models.DateField()
    # Of a run of what changed: its two moments. The days above are theirs, and narrow nothing.
    changed_from = models.DateTimeField(null=True)
    changed_to = models.DateTimeField(null=True)
    state = models.CharField(max_length=20, choices=RunState.choices, default=RunState.QUEUED)
    # Why it is paused, stopped, or done with problems; in words for the page.
    reason = models.CharField(max_length=500, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # Who asked for the same while it was under way: told of its end like the first.
    also_for = models.ManyToManyField(User, related_name="+")
    # The pull that fills a new connection: all dates, asked for by nobody.
    is_first = models.BooleanField(default=False)
    # Asked for by an operator's command, which knows no person.
    by_command = models.BooleanField(default=False)
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    # When a page was last stored, or a wait began: an open run that is silent has stalled.
    heard_at = models.DateTimeField(null=True)
    # When it began to read since its last pause, and how much it had read by then: its pace is
    # measured from there.
    pace_since = models.DateTimeField(null=True)
    read_before_pace = models.PositiveIntegerField(default=0)
    # Documents of the range that belong to no learner, counted at the end.
    unmatched_count = models.PositiveIntegerField(null=True)
    # Of a run of learners, how many it has chosen; null until it has, and to have it choose again.
    learner_count = models.PositiveIntegerField(null=True)
    correlation_id = models.UUIDField(default=uuid.uuid4)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organisation", "-requested_at"], name="run_latest"),
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["QUEUED", "RUNNING", "PAUSED", "VERIFYING"]),
                name="run_open",
            ),
        ]

    def __str__(self) -> str:
        return f"re-sync {self.pk}: {self.date_from} to {self.date_to}"

    @property
    def is_open(self) -> bool:
        """Whether there is still work to do."""
        return self.state in OPEN_RUNS

    def columns_when_put_off(self, *, until: datetime, why: str, now: datetime) -> dict[str, Any]:
        """Return how a run waits: nothing says failed that will be tried again."""
        return {"state": RunState.PAUSED, "not_before": until, "reason": why, "heard_at": now}


class SyncRunLine(models.Model):
    """One line of a run's log, in words for people."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    text = models.CharField(max_length=500)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.text


class SyncStep(models.Model):
    """One resource in one window of dates: its checkpoint, committed with each page.

    A run begins with one step a resource; a window that Xero finds too large is cut in two.

    A step waits until its first page has come (`next_page` is 1), is read page by page until
    `done_at`, and is verified once `our_count` is set. The verification may send it back to the
    start, but only once: `again_since` says that it has.
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="steps")
    resource = models.CharField(max_length=12, choices=Resource.choices)
    date_from = models.DateField()
    date_to = models.DateField()
    # Of a run that reads the newest first: this window waits until those that are not older are
    # verified.
    is_older = models.BooleanField(default=False, db_default=False)
    next_page = models.PositiveIntegerField(default=1)
    # How many rows a page holds: the number of a page means nothing without it.
    page_size = models.PositiveIntegerField(default=PAGE_SIZE, db_default=PAGE_SIZE)
    # Xero's own figures; null until the first page has come.
    page_count = models.PositiveIntegerField(null=True)
    item_count = models.PositiveIntegerField(null=True)
    read_count = models.PositiveIntegerField(default=0)
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    quarantined_count = models.PositiveIntegerField(default=0, db_column="set_aside_count")
    # The quarantined documents of which no older version is stored here.
    missing_count = models.PositiveIntegerField(default=0)
    # Xero's own time when the first page was answered: the closing sweep begins here.
    walked_since = models.DateTimeField(null=True)
    # Our own time before the first page was asked for. What was read later has a later `read_at`.
    reading_since = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    # The verification: how many Xero counts in the range, how many are stored here.
    xero_count = models.PositiveIntegerField(null=True)
    our_count = models.PositiveIntegerField(null=True)
    # {currency: [total read, total stored]} as decimal strings, over all pages.
    totals = models.JSONField(default=dict)
    # When the verification sent the step back to be read once more.
    again_since = models.DateTimeField(null=True)
    # Sentences that name by number the documents that differ.
    differences = models.JSONField(default=list)
    # The same and more of them as figures, see `store.differing`.
    differing = models.JSONField(default=list, db_default=[])

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "resource", "date_from"], name="step_of_run")
        ]

    def __str__(self) -> str:
        return f"{self.resource} of run {self.run_id}"


class CatchUp(models.Model):
    """The checkpoint of a run's closing sweep of one resource.

    It is made by the first closing sweep and stays until the run is verified: later sweeps begin
    where the one before them began.
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="catch_ups")
    resource = models.CharField(max_length=12, choices=Resource.choices)
    # The sweep lists what was modified since then.
    modified_since = models.DateTimeField()
    next_page = models.PositiveIntegerField(default=1, db_default=1)
    # As a step's.
    page_size = models.PositiveIntegerField(default=PAGE_SIZE, db_default=PAGE_SIZE)
    item_count = models.PositiveIntegerField(null=True)
    # Xero's own time when the first page was answered; null until then.
    started_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "resource"], name="catch_up_once")
        ]

    def __str__(self) -> str:
        return f"closing sweep of {self.resource} of run {self.run_id}"


class SyncPage(models.Model):
    """The ids that a page of a step listed, kept until the step is verified.

    Rows are made only for pages with documents that were stored already and did not change. Such
    documents are not written, so nothing on them tells that they were read.
    """

    step = models.ForeignKey(SyncStep, on_delete=models.CASCADE, related_name="pages")
    ids = ArrayField(models.UUIDField())

    def __str__(self) -> str:
        return f"a page of step {self.step_id}"
