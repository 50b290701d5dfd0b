"""What a person asked to be read from Xero at once: one learner's contacts and documents."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from connected_apps.models import Organisation
from lrm.models import Learner, User
from xero_sync.models.leased_row import LeasedRow


class LearnerRefresh(LeasedRow):
    """The last *Sync now* of a learner: under way until `finished_at`, then its result.

    One row a learner, so that pressing twice is one reading.
    """

    learner = models.OneToOneField(Learner, on_delete=models.CASCADE, related_name="xero_refresh")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # Why it waits, or what kept it from reading everything; in words for the page.
    problem = models.CharField(max_length=300, blank=True, default="", db_default="")
    # What Xero has of the learner: contacts, documents, and how many came with this reading.
    contact_count = models.PositiveIntegerField(default=0, db_default=0)
    document_count = models.PositiveIntegerField(default=0, db_default=0)
    new_count = models.PositiveIntegerField(default=0, db_default=0)
    changed_count = models.PositiveIntegerField(default=0, db_default=0)
    quarantined_count = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=models.Q(finished_at__isnull=True),
                name="learner_refresh_open",
            )
        ]

    def __str__(self) -> str:
        return f"refresh of learner {self.learner_id}"

    @property
    def is_open(self) -> bool:
        """Whether there is still something to read."""
        return self.finished_at is None

    def columns_when_put_off(self, *, until: datetime, why: str, now: datetime) -> dict[str, Any]:
        """Return how a refresh waits."""
        return {"not_before": until, "problem": why}
