"""What learners still need to reach Xero."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from lrm.models import Learner
from xero_sync.models.leased_row import LeasedRow


class PushState(models.TextChoices):
    """The life of a contact push."""

    PENDING = "PENDING", "Waiting"
    SENT = "SENT", "Sent, reply not yet known"
    DONE = "DONE", "In Xero"
    REFUSED = "PARKED", "Refused by Xero"


class ContactPush(LeasedRow):
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
    done_at = models.DateTimeField(null=True)
    # Why it waits; Xero's own words where it refused.
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

    def columns_when_put_off(self, *, until: datetime, why: str, now: datetime) -> dict[str, Any]:
        """Return how a push waits."""
        return {"not_before": until, "problem": why}
