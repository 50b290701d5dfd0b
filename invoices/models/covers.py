"""Documents billed to one and meant for another: an employer's invoice for a learner's course.

What a person said of it is keyed by Xero's own id, and so outlives the row of the document.
"""

from typing import ClassVar

from django.db import models

from connected_apps.models import Organisation
from invoices.rules.mentions import MOST_CHARACTERS
from lrm.models import Learner, User


class NamedNumber(models.Model):
    """Something in a document's text that may be a learner's number; see `invoices.rules.mentions`.

    An index by which a learner's documents are found, and no more: it is a little behind, and says
    nothing of whether a learner has the number. Who shows a document reads its text.
    """

    document = models.ForeignKey(
        "invoices.Document", on_delete=models.CASCADE, related_name="named_numbers", db_index=False
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number = models.CharField(max_length=MOST_CHARACTERS)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "number"], name="named_number_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["organisation", "number", "-document"], name="named_number_of_learner"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} in document {self.document_id}"


class CoverDecision(models.Model):
    """What a person said of a document billed to somebody else: whether it covers a learner.

    It stays until a person takes it back, whatever becomes of the document.
    """

    learner = models.ForeignKey(
        Learner, on_delete=models.CASCADE, related_name="cover_decisions", db_index=False
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # One of `invoices.models.Kind`.
    kind = models.CharField(max_length=12)
    document_xero_id = models.UUIDField()
    is_covered = models.BooleanField()
    # Where the document named the learner then, in words.
    found_in = models.CharField(max_length=40, blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "document_xero_id", "kind", "learner"],
                name="cover_decision_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["learner", "organisation"], name="cover_decision_of_learner")
        ]

    def __str__(self) -> str:
        answer = "covers" if self.is_covered else "does not cover"
        return f"{self.document_xero_id} {answer} learner {self.learner_id}"


class CoverAct(models.TextChoices):
    """What a person did."""

    ACCEPTED = "ACCEPTED", "Covers the learner"
    REJECTED = "REJECTED", "Does not cover the learner"
    TAKEN_BACK = "UNDONE", "Answer taken back"


class CoverChange(models.Model):
    """One line of the history of those answers: when, what, and by whom. Append only."""

    learner = models.ForeignKey(
        Learner, on_delete=models.CASCADE, related_name="cover_changes", db_index=False
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    document_xero_id = models.UUIDField()
    act = models.CharField(max_length=8, choices=CoverAct.choices)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["learner", "-at"], name="cover_history")]

    def __str__(self) -> str:
        return f"{self.act} {self.document_xero_id} at {self.at.isoformat()}"
