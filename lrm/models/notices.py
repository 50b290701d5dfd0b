"""Notices: what stands under the bell in the header."""

from typing import ClassVar

from django.db import models

from lrm.models.people import User


class NoticeLevel(models.TextChoices):
    """How a notice looks; the words carry the meaning."""

    INFO = "INFO", "Information"
    SUCCESS = "SUCCESS", "Done"
    WARNING = "WARNING", "Needs attention"


class Notice(models.Model):
    """One line under the bell in the header, for one user."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    level = models.CharField(max_length=8, choices=NoticeLevel.choices, default=NoticeLevel.INFO)
    text = models.CharField(max_length=500)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["user", "-created_at"], name="notice_bell")]

    def __str__(self) -> str:
        return self.text
