"""What is told to programs outside: their endpoints, and the messages to each."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class HookEndpoint(models.Model):
    """An address that a portal admin named, to which messages are posted, signed."""

    portal = models.ForeignKey(
        "lrm.Portal", on_delete=models.CASCADE, related_name="hook_endpoints", db_index=False
    )
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=500)
    # Sealed; the one before signs too until a day after it was replaced.
    secret_encrypted = models.BinaryField()
    former_encrypted = models.BinaryField(null=True)
    former_until = models.DateTimeField(null=True)
    # Which types of message it gets, by `lrm.hooks.event_types`; None for all, later ones too.
    types = ArrayField(models.CharField(max_length=40), null=True)
    is_on = models.BooleanField(default=True)
    # In words for people, where nobody switched it off.
    off_reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()
    # Failures in a row, of whatever message, and since when.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    # Until when a worker has it, and before when none takes it.
    leased_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)

    class Meta:
        app_label = "lrm"
        ordering: ClassVar = ["name", "id"]
        indexes: ClassVar = [models.Index(fields=["portal", "is_on"], name="hook_endpoint_listens")]

    def __str__(self) -> str:
        return f"endpoint {self.pk}"


class HookState(models.TextChoices):
    """What became of a message."""

    WAITING = "WAITING", "Waiting"
    TAKEN = "TAKEN", "Taken"
    GIVEN_UP = "GIVEN_UP", "Given up"
    # Of a type that its endpoint does not get any more.
    LEFT_OUT = "LEFT_OUT", "Left out"


class HookMessage(models.Model):
    """One thing to tell to one endpoint, and how far that has come. Nothing personal."""

    endpoint = models.ForeignKey(
        HookEndpoint, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    # The same in each try: by it a receiver knows what it has had already.
    message_id = models.UUIDField(default=uuid.uuid4, unique=True)
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    data = models.JSONField()
    state = models.CharField(max_length=8, choices=HookState.choices, default=HookState.WAITING)
    # Since when it is tried: from the start, or since a person had it sent again.
    waits_since = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    # Of the last try: the status, and what happened in words of ours.
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        app_label = "lrm"
        indexes: ClassVar = [
            models.Index(
                fields=["endpoint", "due_at", "id"],
                condition=models.Q(state="WAITING"),
                name="hook_message_due",
            ),
            models.Index(fields=["endpoint", "-id"], name="hook_message_log"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk}"
