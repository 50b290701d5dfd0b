"""Contacts as Xero has them."""

from typing import ClassVar

from django.db import models

from connected_apps.models import Organisation


class Contact(models.Model):
    """A Xero contact, mirrored."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="contacts", db_index=False
    )
    xero_id = models.UUIDField()
    name = models.CharField(max_length=500)
    contact_number = models.CharField(max_length=50, blank=True)
    email = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=30)
    merged_to_xero_id = models.UUIDField(null=True)
    updated_at = models.DateTimeField()
    read_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    raw = models.JSONField()
    first_synced_at = models.DateTimeField()
    synced_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "xero_id"], name="contact_of_organisation"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "contact_number"], name="contact_by_number"),
            # Few: who was merged into whom, from the winner's side.
            models.Index(
                fields=["organisation", "merged_to_xero_id"],
                condition=models.Q(merged_to_xero_id__isnull=False),
                name="contact_merged",
            ),
        ]

    def __str__(self) -> str:
        return self.name
