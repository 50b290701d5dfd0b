"""Who is who: learners and contacts that are the same person, and what people said of it."""

from typing import ClassVar

from django.db import models

from connected_apps.models import Organisation
from lrm.models import Learner, User


class LinkSource(models.TextChoices):
    """Why a learner and a contact are taken for the same person; see `invoices.rules.identity`."""

    NUMBER = "NUMBER", "The number agrees, and the name or the e-mail address"
    PUSHED = "PUSHED", "Made from the learner, or written after agreement was shown"
    PERSON = "PERSON", "A person said so"


class ContactLink(models.Model):
    """The pairing of a learner with a contact, for as long as the rule of identity upholds it.

    Several learners may share one payer contact, and one learner may have several contacts. What
    was is in `ContactLinkChange`.
    """

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="contact_links")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="contact_links", db_index=False
    )
    contact_xero_id = models.UUIDField()
    source = models.CharField(max_length=8, choices=LinkSource.choices)
    # What it rests on, an `identity.Why`. Empty where the release before paired by number alone:
    # such a pairing is held against the rule at the next chance.
    evidence = models.CharField(max_length=16, blank=True, default="", db_default="")
    # Of a pairing by number, which number that is: a merge in Xero may free it from the contact.
    number = models.CharField(max_length=50, blank=True, default="", db_default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "contact_xero_id", "learner"], name="contact_link_once"
            )
        ]
        indexes: ClassVar = [
            # Few: what may end because of a third person's e-mail address, or was not looked at.
            models.Index(
                fields=["organisation"],
                condition=models.Q(source="NUMBER", evidence__in=["", "EMAIL"]),
                name="contact_link_to_watch",
            ),
            # Few: what may end when a merge is undone in Xero.
            models.Index(
                fields=["organisation", "contact_xero_id"],
                condition=models.Q(evidence="MERGED"),
                name="contact_link_by_merge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.learner} is {self.contact_xero_id}"


class LinkChange(models.TextChoices):
    """What became of a pairing."""

    MADE = "MADE", "Linked"
    ENDED = "ENDED", "No longer linked"
    REJECTED = "REJECTED", "Somebody else"
    CLEARED = "CLEARED", "Answer taken back"


class ContactLinkChange(models.Model):
    """One line of the history of pairings: when, why, and by whom. Append only."""

    learner = models.ForeignKey(
        Learner, on_delete=models.CASCADE, related_name="contact_link_changes", db_index=False
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    contact_xero_id = models.UUIDField()
    at = models.DateTimeField()
    change = models.CharField(max_length=8, choices=LinkChange.choices)
    source = models.CharField(max_length=8, choices=LinkSource.choices, blank=True)
    evidence = models.CharField(max_length=16, blank=True)
    why = models.CharField(max_length=300)
    # Null where the system acted by itself; the name is kept as it was then.
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    # How the two stood before what a person did, so that it can be undone: the link's `source` and
    # `evidence`, and what was `said`. Null for what the system did, which follows from the rule.
    before = models.JSONField(null=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["learner", "-at"], name="contact_link_history")]

    def __str__(self) -> str:
        return f"{self.change} {self.contact_xero_id} at {self.at.isoformat()}"


class ContactDecision(models.Model):
    """What a person said last of a learner and a contact, so that nobody is asked twice."""

    learner = models.ForeignKey(
        Learner, on_delete=models.CASCADE, related_name="contact_decisions", db_index=False
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    contact_xero_id = models.UUIDField()
    is_same_person = models.BooleanField()
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["learner", "organisation", "contact_xero_id"], name="contact_decision_once"
            )
        ]

    def __str__(self) -> str:
        answer = "is" if self.is_same_person else "is not"
        return f"learner {self.learner_id} {answer} {self.contact_xero_id}"
