"""What learners need to reach Xero, whether they are sent at all, and what is asked of them."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models

from connected_apps.models import Organisation
from lrm.models import Learner, User
from xero_sync.models.leased_row import LeasedRow


class PushState(models.TextChoices):
    """The life of a contact push."""

    PENDING = "PENDING", "Waiting"
    SENT = "SENT", "Sent, reply not yet known"
    QUESTION = "QUESTION", "Waiting for an answer"
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
    # By how many halvings it goes in smaller company, since Xero stumbled over those that it was
    # sent with, perhaps because of it; 0 where it did not.
    stumbles = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Why it waits; Xero's own words where it refused.
    problem = models.CharField(max_length=1000, blank=True)
    # The contact that this push writes to, noted when the push is made, so that neither a new
    # number nor a new name of the learner sends it to somebody else. Empty once it is done.
    contact_xero_id = models.UUIDField(null=True)
    # The learner as the rule of identity sees it, when that contact was noted, or when a contact
    # was sent to be created: where a reply is lost, it is looked up as this.
    known_as = models.JSONField(null=True)
    # The contact that a person is asked about or that stands in the way, and an `identity.Why`.
    candidate_xero_id = models.UUIDField(null=True)
    candidate_why = models.CharField(max_length=16, blank=True, default="", db_default="")

    # When whoever saved the learner, and when the portal's admins, were told that it is stuck.
    told_at = models.DateTimeField(null=True)
    admins_told_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            # In the order in which they go.
            models.Index(
                fields=["stumbles", "id"],
                condition=models.Q(state__in=["PENDING", "SENT"]),
                name="push_next",
            ),
            # Few: what is tried again when the contact in its way changes.
            models.Index(
                fields=["candidate_xero_id"],
                condition=models.Q(candidate_xero_id__isnull=False),
                name="push_candidate",
            ),
            # Few as well: of whom people have to be told.
            models.Index(
                fields=["learner"],
                condition=models.Q(state__in=["QUESTION", "PARKED"]),
                name="push_stuck",
            ),
            models.Index(
                fields=["admins_told_at"],
                condition=models.Q(admins_told_at__isnull=False),
                name="push_admins_told",
            ),
        ]

    def __str__(self) -> str:
        return f"push of learner {self.learner_id}"

    def columns_when_put_off(self, *, until: datetime, why: str, now: datetime) -> dict[str, Any]:
        """Return how a push waits."""
        return {"not_before": until, "problem": why}


class PushStart(models.Model):
    """That a person lets learners be sent to an organisation; before that, nothing is.

    An organisation is a portal's own, so another portal on the same tenant of Xero's starts for
    itself, and so does a portal that connects another organisation.
    """

    organisation = models.OneToOneField(
        Organisation, on_delete=models.CASCADE, related_name="push_start"
    )
    started_at = models.DateTimeField()
    # The name is kept as it was then.
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"start of {self.organisation_id} at {self.started_at.isoformat()}"


class ContactQuestion(models.Model):
    """A contact with a learner's number of which a person has to say whether it is the learner.

    Derived with the links and in the same transaction, so that all of an organisation can be listed
    and counted; what the rule of identity says of the two at the moment decides nevertheless.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="contact_questions")
    contact_xero_id = models.UUIDField()
    # An `identity.Why`.
    why = models.CharField(max_length=16)
    asked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "learner", "contact_xero_id"], name="contact_question_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["contact_xero_id"], name="contact_question_of_contact")
        ]

    def __str__(self) -> str:
        return f"is {self.contact_xero_id} learner {self.learner_id}?"
