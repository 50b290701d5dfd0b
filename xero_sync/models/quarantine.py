"""Documents that could not be stored, and why."""

from typing import ClassVar

from django.db import models

from connected_apps.models import Organisation
from xero_sync.resources import Resource


class QuarantinedDocument(models.Model):
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
        # The table's first name: a release may run beside the one before it.
        db_table = "xero_sync_setaside"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "resource", "identity"], name="set_aside_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.number or self.identity}: {self.reason}"
