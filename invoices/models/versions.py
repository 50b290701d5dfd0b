"""What a document said before it was replaced: each version that was, with when and by what.

A row is written by whoever stores the next version, in the same statement. So there is a row for
everything that ever stood here and no longer does, from when this release came until a version is
older than people want to keep it.
"""

from typing import ClassVar

from django.db import models


class ReadBy(models.TextChoices):
    """What brought a version of a document."""

    WEBHOOK = "WEBHOOK", "Instant update"
    SWEEP = "SWEEP", "Regular check"
    RESYNC = "RESYNC", "Re-sync"
    REFRESH = "REFRESH", "Sync now"
    PUSH = "PUSH", "Sending learners to Xero"


class DocumentVersion(models.Model):
    """A version of a document that a later one replaced, as Xero sent it. Never changed."""

    # Deleted with its document: it is as personal, and means nothing without it.
    document = models.ForeignKey(
        "invoices.Document", on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    raw = models.JSONField()
    digest = models.BinaryField(max_length=16)
    # As they stood on the document: Xero's UpdatedDateUTC, and our moments of reading and storing.
    updated_at = models.DateTimeField()
    read_at = models.DateTimeField()
    stored_at = models.DateTimeField()
    # From then on the next version stood here, and what had brought that.
    replaced_at = models.DateTimeField()
    replaced_by = models.CharField(max_length=8, choices=ReadBy.choices)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["document", "replaced_at", "id"], name="version_of_document"),
            models.Index(fields=["replaced_at"], name="version_by_age"),
        ]

    def __str__(self) -> str:
        return f"version of document {self.document_id} until {self.replaced_at.isoformat()}"
