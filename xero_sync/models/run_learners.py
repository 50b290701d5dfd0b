"""The learners that a re-sync of learners has chosen, and what became of each."""

from typing import ClassVar

from django.db import models

from lrm.models import Learner
from xero_sync.models.runs import SyncRun


class LearnerOutcome(models.TextChoices):
    """How a chosen learner stands; while its run is open this follows from its push."""

    WAITING = "WAITING", "On the way"
    UNCHECKED = "UNCHECKED", "Being checked"
    IN_XERO = "IN_XERO", "In Xero"
    DIFFERS = "DIFFERS", "Differs in Xero"
    QUESTION = "QUESTION", "Waiting for an answer"
    REFUSED = "REFUSED", "Refused by Xero"
    NOT_TICKED = "NOT_TICKED", "Not ticked any more"


class RunLearner(models.Model):
    """One learner of a run: chosen at its start, read back from Xero, kept as it ended."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="learners")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="+")
    # The version of the push whose contact was read back; a later one is to be read again.
    checked_version = models.PositiveIntegerField(null=True)
    # What is not as it is here, or why it was refused; empty where all is well.
    problem = models.CharField(max_length=1000, blank=True, default="", db_default="")
    # Written when the run ends; empty until then.
    outcome = models.CharField(
        max_length=10, choices=LearnerOutcome.choices, blank=True, default="", db_default=""
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "learner"], name="run_learner_once")
        ]

    def __str__(self) -> str:
        return f"learner {self.learner_id} of run {self.run_id}"
