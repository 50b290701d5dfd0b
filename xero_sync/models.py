"""Work as rows: Postgres is the only memory, Celery and Redis only ring the bell.

Deliveries and events (what Xero told us), sync runs and their steps (what a person asked for),
cursors (how far each sweep has come), contact pushes (what learners still need to reach Xero) and
set-aside documents (what could not be stored, and why). Every row that is worked on has a claim
that lapses, so that a killed worker's work is taken up by the next.
"""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from connected_apps.models import Organisation
from lrm.models import Learner, Portal, User


class Resource(models.TextChoices):
    """What is pulled from Xero, in the order in which it is pulled."""

    CONTACT = "CONTACT", "Contacts"
    INVOICE = "INVOICE", "Invoices"
    CREDIT_NOTE = "CREDIT_NOTE", "Credit notes"
    OVERPAYMENT = "OVERPAYMENT", "Overpayments"
    PREPAYMENT = "PREPAYMENT", "Prepayments"


class Delivery(models.Model):
    """One POST from Xero whose signature was right, stored as it came."""

    received_at = models.DateTimeField()
    body = models.BinaryField()
    # Null until its events are taken out.
    unpacked_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=models.Q(unpacked_at=None), name="delivery_to_unpack"
            )
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class EventState(models.TextChoices):
    """What became of an event."""

    PENDING = "PENDING", "Waiting"
    DONE = "DONE", "Done"
    IGNORED = "IGNORED", "Ignored"


class Event(models.Model):
    """One change named in a delivery. A hint: what it names is fetched before it is believed."""

    # Null where no delivery named it: a credit that was stored asks for the invoices it touched.
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, null=True, related_name="events"
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True)
    tenant_id = models.UUIDField(null=True)
    category = models.CharField(max_length=60)
    event_type = models.CharField(max_length=30)
    resource_id = models.UUIDField(null=True)
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=EventState.choices, default=EventState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["organisation", "id"],
                condition=models.Q(state="PENDING"),
                name="event_pending",
            ),
            models.Index(fields=["organisation", "-received_at"], name="event_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.event_type} {self.resource_id}"


class Inbox(models.Model):
    """The claim on an organisation's pending events: one worker at a time fetches for it.

    While it fetches, what arrives meanwhile piles up and is fetched together next.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE)
    claimed_until = models.DateTimeField(null=True)
    # After a limit or an outage: when the next try makes sense.
    not_before = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    # How many calls were made of late, and as of when: they are forgotten bit by bit, so that a
    # trickle of events is collected where it would use up the minute.
    spent = models.FloatField(default=0)
    spent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"inbox of {self.organisation_id}"


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
    LEARNERS = "learners", "Learners that did not reach Xero"


class SyncRun(models.Model):
    """A person's request to pull a date range, from asking to the verified end."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="sync_runs")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    generation = models.PositiveIntegerField()
    what = models.CharField(max_length=10, choices=RunWhat.choices, default=RunWhat.DOCUMENTS)
    date_from = models.DateField()
    date_to = models.DateField()
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
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    # When a page was last stored, or a wait began: an open run that is silent has stalled.
    heard_at = models.DateTimeField(null=True)
    # When it began to read since its last pause, and how much it had read by then: its pace is
    # measured from there.
    pace_since = models.DateTimeField(null=True)
    read_before_pace = models.PositiveIntegerField(default=0)
    # Documents of the range that belong to no learner, counted at the end.
    unmatched_count = models.PositiveIntegerField(null=True)
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
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="steps")
    resource = models.CharField(max_length=12, choices=Resource.choices)
    date_from = models.DateField()
    date_to = models.DateField()
    next_page = models.PositiveIntegerField(default=1)
    # Xero's own figures; null until the first page has come.
    page_count = models.PositiveIntegerField(null=True)
    item_count = models.PositiveIntegerField(null=True)
    read_count = models.PositiveIntegerField(default=0)
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    set_aside_count = models.PositiveIntegerField(default=0)
    # Of the set-aside ones those of which not even an older version is stored here.
    missing_count = models.PositiveIntegerField(default=0)
    # Xero's own time when the first page was answered: the closing sweep pulls from here.
    walked_since = models.DateTimeField(null=True)
    # Our own time before the first page was asked for: what was read since is no older than that.
    reading_since = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    # The verification: how many Xero counts in the range, how many are stored here.
    xero_count = models.PositiveIntegerField(null=True)
    our_count = models.PositiveIntegerField(null=True)
    # {currency: [total read, total stored]} as decimal strings, over all pages.
    totals = models.JSONField(default=dict)
    # Set when the verification sent the step back to be read once more, which it does once.
    again_since = models.DateTimeField(null=True)
    # The closing sweep's checkpoint: what it lists, its next page, and Xero's own time when the
    # first one was answered.
    closing_since = models.DateTimeField(null=True)
    closing_page = models.PositiveIntegerField(default=1)
    closing_started_at = models.DateTimeField(null=True)
    # What differs: sentences that name documents by number.
    differences = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "resource", "date_from"], name="step_of_run")
        ]

    def __str__(self) -> str:
        return f"{self.resource} of run {self.run_id}"


class SyncPage(models.Model):
    """The ids that a page of a step listed, kept until the step is verified.

    Only of pages with documents that were stored here already and did not change: those are left
    as they are, and so nothing on them tells that they were read.
    """

    step = models.ForeignKey(SyncStep, on_delete=models.CASCADE, related_name="pages")
    ids = ArrayField(models.UUIDField())

    def __str__(self) -> str:
        return f"a page of step {self.step_id}"


class Cursor(models.Model):
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
    last_swept_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    # When a sweep last found what a webhook should have brought, and how much; the channel is
    # healthy again once an event of this resource arrives after it.
    missed_at = models.DateTimeField(null=True)
    missed_count = models.PositiveIntegerField(default=0)
    # The daily count: when it is due, what it said last.
    count_due_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    count_in_xero = models.PositiveIntegerField(null=True)
    count_here = models.PositiveIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "resource"], name="cursor_once")
        ]
        indexes: ClassVar = [models.Index(fields=["next_due_at"], name="cursor_due")]

    def __str__(self) -> str:
        return f"{self.resource} of {self.organisation_id}"


class SetAside(models.Model):
    """A document that could not be stored, with its raw form and the reason."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    resource = models.CharField(max_length=12, choices=Resource.choices)
    # Xero's id as text where it could be read; else a digest of the raw form.
    identity = models.CharField(max_length=64)
    number = models.CharField(max_length=255, blank=True)
    raw = models.JSONField()
    reason = models.CharField(max_length=500)
    first_seen_at = models.DateTimeField()
    last_tried_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "resource", "identity"], name="set_aside_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.number or self.identity}: {self.reason}"


class PushState(models.TextChoices):
    """The life of a contact push."""

    PENDING = "PENDING", "Waiting"
    SENT = "SENT", "Sent, reply not yet known"
    DONE = "DONE", "In Xero"
    PARKED = "PARKED", "Refused by Xero"


class ContactPush(models.Model):
    """What a learner still needs to reach Xero: at most one open row a learner."""

    learner = models.OneToOneField(Learner, on_delete=models.CASCADE, related_name="contact_push")
    state = models.CharField(max_length=8, choices=PushState.choices, default=PushState.PENDING)
    # Rises with every save of the learner; a reply settles only the version it was sent for.
    version = models.PositiveIntegerField(default=1)
    sent_version = models.PositiveIntegerField(default=0)
    sent_digest = models.BinaryField(max_length=16, null=True)
    idempotency_key = models.CharField(max_length=128, blank=True)
    requested_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    # Xero's own words where it refused.
    problem = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["PENDING", "SENT"]),
                name="push_open",
            )
        ]

    def __str__(self) -> str:
        return f"push of learner {self.learner_id}"
