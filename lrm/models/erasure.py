"""What is left of a learner who was erased: that there was one, and a code of the number."""

from typing import ClassVar

from django.db import models


class ErasedLearner(models.Model):
    """A number that no learner of the portal gets again; see `lrm.personal_data.tombstones`."""

    portal = models.ForeignKey(
        "lrm.Portal", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number_key = models.CharField(max_length=64)
    erased_at = models.DateTimeField()

    class Meta:
        app_label = "lrm"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["portal", "number_key"], name="erased_learner_once")
        ]

    def __str__(self) -> str:
        return f"erased at {self.erased_at.isoformat()}"
