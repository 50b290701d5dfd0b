"""Reports that are mailed on a schedule: who is to get what and when, and what became of it.

A sending is a row, one for each schedule and due time, so that nothing is due twice however many
beats there are, and nothing is lost with a worker that is killed.
"""

from typing import ClassVar

from django.db import models

from lrm.models import Portal, User
from xero_sync.models.leased_row import LeasedRow


class Report(models.TextChoices):
    """What can be mailed."""

    SYNCED_INVOICES = "0442", "#0442 Synced invoices"
    LEARNERS_TO_INVOICE = "0443", "#0443 Learners to invoice"


class Cadence(models.TextChoices):
    """How often."""

    WEEKLY = "WEEKLY", "Every week"
    MONTHLY = "MONTHLY", "Every month"


class Attached(models.TextChoices):
    """What comes with the mail."""

    WORKBOOK = "XLSX", "Excel workbook"
    CSV = "CSV", "CSV file"
    LINK = "LINK", "Only a link"


class Span(models.TextChoices):
    """Which dates it covers each time; as the filter has them unless they move along."""

    AS_FILTERED = "KEPT", "As filtered, each time the same"
    THIS_YEAR = "THIS_YEAR", "This financial year"
    LAST_YEAR = "LAST_YEAR", "Last financial year"
    THIS_MONTH = "THIS_MONTH", "This month"
    LAST_MONTH = "LAST_MONTH", "Last month"
    DAYS_7 = "DAYS_7", "The last 7 days"
    DAYS_30 = "DAYS_30", "The last 30 days"
    DAYS_90 = "DAYS_90", "The last 90 days"


class ReportSchedule(models.Model):
    """What is mailed to whom, and when next. Ended rather than deleted: its history stays."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="report_schedules")
    report = models.CharField(max_length=4, choices=Report.choices)
    # The filter as an address has it.
    query = models.CharField(max_length=1000, blank=True)
    span = models.CharField(max_length=10, choices=Span.choices, default=Span.AS_FILTERED)
    cadence = models.CharField(max_length=7, choices=Cadence.choices)
    # 0 is Monday.
    weekday = models.PositiveSmallIntegerField(default=0)
    # The last day of months that are shorter.
    day_of_month = models.PositiveSmallIntegerField(default=1)
    # By the portal's clock.
    hour = models.PositiveSmallIntegerField()
    attached = models.CharField(max_length=4, choices=Attached.choices)
    recipients = models.ManyToManyField(User, related_name="+")
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    made_by_name = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    is_paused = models.BooleanField(default=False)
    next_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"],
                condition=models.Q(ended_at__isnull=True, is_paused=False),
                name="report_schedule_due",
            )
        ]

    def __str__(self) -> str:
        return f"schedule {self.pk} of #{self.report}"


class SendingState(models.TextChoices):
    """The life of a sending."""

    WAITING = "WAITING", "Waiting"
    DONE = "DONE", "Sent"
    FAILED = "FAILED", "Given up"
    CALLED_OFF = "OFF", "Called off"


class ReportSending(LeasedRow):
    """One mailing of a schedule; unique for its due time."""

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="sendings")
    due_at = models.DateTimeField()
    # Who asked for it now; empty for one that was due.
    asked_by_name = models.CharField(max_length=200, blank=True)
    state = models.CharField(
        max_length=7, choices=SendingState.choices, default=SendingState.WAITING
    )
    not_before = models.DateTimeField(null=True)
    # Why it waits, or what kept somebody from theirs, in words.
    problem = models.CharField(max_length=500, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["schedule", "due_at"], name="report_sending_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="WAITING"),
                name="report_sending_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"sending {self.pk} of schedule {self.schedule_id}"


class Outcome(models.TextChoices):
    """What became of a sending for one person."""

    SENT = "SENT", "Sent"
    NO_RIGHT = "NO_RIGHT", "May not read the report any more"
    NO_ADDRESS = "NOWHERE", "Has no e-mail address"
    REFUSED = "REFUSED", "The mail server refuses it"


class ReportLetter(models.Model):
    """That a person was dealt with in a sending, so that trying again leaves them alone."""

    sending = models.ForeignKey(ReportSending, on_delete=models.CASCADE, related_name="letters")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sending", "user"], name="report_letter_once")
        ]

    def __str__(self) -> str:
        return f"{self.outcome} of sending {self.sending_id}"


class ScheduleAct(models.TextChoices):
    """What may be done about a schedule."""

    MADE = "MADE", "Schedule made"
    PAUSED = "PAUSED", "Paused"
    RESUMED = "RESUMED", "Continued"
    ASKED = "ASKED", "Sent now"
    ENDED = "ENDED", "Deleted"
    SENT = "SENT", "Sent"
    GIVEN_UP = "GIVEN_UP", "Given up"


class ReportScheduleChange(models.Model):
    """Who did what about schedules, and when. Append only."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="+")
    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    act = models.CharField(max_length=8, choices=ScheduleAct.choices)
    # Null where the system acted by itself; the name is kept as it was then.
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["portal", "-at"], name="report_schedule_history")]

    def __str__(self) -> str:
        return f"{self.act} schedule {self.schedule_id} at {self.at.isoformat()}"
