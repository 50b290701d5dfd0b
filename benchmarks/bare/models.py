"""The one table: as wide as a stored delivery, with nothing but its key to maintain."""

from django.db import models


class Hit(models.Model):
    """One POST."""

    received_at = models.DateTimeField()
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"hit {self.pk}"
