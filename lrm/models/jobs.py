"""Work on many rows that a person asked for, and the files of learners that are imported so."""

from typing import ClassVar

from django.db import models


class JobState(models.TextChoices):
    """The life of a batch job."""

    WAITING = "WAITING", "Waiting"
    RUNNING = "RUNNING", "Under way"
    DONE = "DONE", "Done"
    STOPPED = "STOPPED", "Stopped"
    FAILED = "FAILED", "Given up"


OPEN_JOBS = (JobState.WAITING, JobState.RUNNING)


class BatchJob(models.Model):
    """Work on many rows that a person asked for, done in the background batch by batch."""

    portal = models.ForeignKey("lrm.Portal", on_delete=models.CASCADE, related_name="batch_jobs")
    # A name in `lrm.batch_jobs.kinds`. It stays in rows, so it must not change.
    kind = models.CharField(max_length=60)
    # What was asked for: ids and choices, nothing personal, since the row is kept.
    params = models.JSONField(default=dict)
    by = models.ForeignKey("lrm.User", on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=JobState.choices, default=JobState.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # How far it has come, in the words of its kind; committed with each batch.
    cursor = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    # Why it waits, was stopped or given up.
    problem = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["WAITING", "RUNNING"]),
                name="batch_job_open",
            ),
            models.Index(fields=["portal", "-created_at"], name="batch_job_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether there is more to come."""
        return self.state in OPEN_JOBS


class JobFailure(models.Model):
    """One row that a batch job could not deal with, and why. Deleted after a month."""

    job = models.ForeignKey(BatchJob, on_delete=models.CASCADE, related_name="failures")
    # Which row of the list or file it is, counted as its kind says; empty where it has no place.
    row = models.PositiveIntegerField(null=True)
    name = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=500)
    # The row as it was given, so that it can be corrected and given again: pairs of column and
    # text, since PostgreSQL keeps no order of keys.
    values = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"row {self.row} of job {self.job_id}"


class LearnerImport(models.Model):
    """A CSV file of learners as it was read, until it is imported or given up.

    Its rows hold what people typed of other people: they are deleted once they are learners, and
    after a day in any case.
    """

    portal = models.ForeignKey(
        "lrm.Portal", on_delete=models.CASCADE, related_name="learner_imports"
    )
    by = models.ForeignKey("lrm.User", on_delete=models.SET_NULL, null=True, related_name="+")
    file_name = models.CharField(max_length=200)
    # How it was read: encoding, delimiter, headings, and the field of each column.
    reading = models.JSONField(default=dict)
    # How many rows have which outcome.
    counts = models.JSONField(default=dict)
    job = models.OneToOneField(
        BatchJob, on_delete=models.CASCADE, null=True, related_name="learner_import"
    )
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"import {self.pk}"


class RowOutcome(models.TextChoices):
    """What an imported row would come to."""

    NEW = "NEW", "New"
    CHANGED = "CHANGED", "Changed"
    SAME = "SAME", "As it is here"
    WRONG = "WRONG", "Not imported"


class ImportedRow(models.Model):
    """One row of such a file, under the number that a spreadsheet gives it."""

    of = models.ForeignKey(LearnerImport, on_delete=models.CASCADE, related_name="rows")
    row = models.PositiveIntegerField()
    values = models.JSONField()
    outcome = models.CharField(max_length=8, choices=RowOutcome.choices)
    # What is wrong, by the name of the field; empty for the row as a whole.
    problems = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["row"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["of", "row"], name="imported_row_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["of", "row"],
                condition=models.Q(outcome="WRONG"),
                name="imported_row_wrong",
            )
        ]

    def __str__(self) -> str:
        return f"row {self.row} of import {self.of_id}"
