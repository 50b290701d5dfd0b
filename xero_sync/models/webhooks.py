"""What Xero told us: deliveries as they came, the events they name, and who fetches them."""

from typing import ClassVar

from django.db import models

from connected_apps.models import Organisation
from xero_sync.models.leased_row import LeasedRow
from xero_sync.resources import Resource


class Delivery(models.Model):
    """One POST from Xero whose signature was right, stored as it came."""

    received_at = models.DateTimeField()
    # Of the request that brought it, and of all that comes of it; null in rows of before.
    correlation_id = models.UUIDField(null=True)
    body = models.BinaryField()
    # Null until its events are taken out.
    unpacked_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=models.Q(unpacked_at=None), name="delivery_to_unpack"
            ),
            models.Index(fields=["id"], condition=~models.Q(problem=""), name="delivery_put_aside"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class EventState(models.TextChoices):
    """What became of an event."""

    PENDING = "PENDING", "Waiting"
    DONE = "DONE", "Done"
    IGNORED = "IGNORED", "Ignored"


class WebhookEvent(models.Model):
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
    # The delivery's own, and Xero's name of the call that fetched what the event names.
    correlation_id = models.UUIDField(null=True)
    xero_correlation_id = models.CharField(max_length=64, default="", db_default="", blank=True)

    class Meta:
        # The table's first name: a release may run beside the one before it.
        db_table = "xero_sync_event"
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


class Inbox(LeasedRow):
    """The lease on an organisation's pending events: one worker at a time fetches for it.

    While it fetches, what arrives meanwhile piles up and is fetched together next.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE)
    # After a limit or an outage: when the next try makes sense.
    not_before = models.DateTimeField(null=True)
    # How many calls were made of late, and as of when: they are forgotten bit by bit, so that a
    # trickle of events is collected where it would use up the minute.
    spent = models.FloatField(default=0)
    spent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"inbox of {self.organisation_id}"


class UnannouncedChange(models.Model):
    """How many changes of one kind regular checks found on a day that no event had announced.

    Written in the transaction that stores what they found, and kept: a channel that is healthy
    again forgets how often it was not.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, db_index=False)
    resource = models.CharField(max_length=12, choices=Resource.choices)
    # By the portal's calendar.
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "day", "resource"], name="unannounced_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} of {self.resource} unannounced on {self.day}"
