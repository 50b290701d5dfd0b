"""Learners, and who changed what of them."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from lrm.models.people import User
from lrm.models.portals import Portal


class Learner(models.Model):
    """A student of a portal.

    The table has one more column, `words`, which PostgreSQL itself fills for `lrm.roster.search`.
    """

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="learners")
    # 50 characters is what Xero's ContactNumber holds.
    number = models.CharField("learner number", max_length=50)
    # Some people have one name only; it is kept as the family name.
    given_name = models.CharField(max_length=100, blank=True)
    family_name = models.CharField(max_length=100)
    email = models.EmailField("e-mail", max_length=255, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    mobile = models.CharField(max_length=30, blank=True)
    address_line = models.CharField("address", max_length=200, blank=True)
    city = models.CharField("suburb or city", max_length=100, blank=True)
    region = models.CharField("state or region", max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=50, blank=True, default="Australia")
    sync_to_xero = models.BooleanField("Sync to Xero", default=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        # Without regard to case, so that "de Souza" stands among the Ds.
        ordering: ClassVar = [Lower("family_name"), Lower("given_name"), "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["portal", "number"],
                name="learner_number_unique_in_portal",
                violation_error_message="A learner with this number already exists.",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                "portal",
                Lower("family_name"),
                Lower("given_name"),
                "number",
                name="learner_list",
            ),
            # An import changes thousands at one moment, so what comes first of them is told too.
            models.Index(fields=["portal", "-updated_at", "-id"], name="learner_changed"),
            models.Index(fields=["portal", "-created_at", "-id"], name="learner_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.full_name} ({self.number})"

    @property
    def full_name(self) -> str:
        """Given and family name as one string, without stray spaces."""
        return f"{self.given_name} {self.family_name}".strip()


class LearnerChange(models.Model):
    """Who saved a learner, when, and which fields changed. Values are not kept twice."""

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="changes")
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    created = models.BooleanField(default=False)
    fields = models.JSONField(default=list, help_text="Names of the fields that changed.")

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [
            # Who was ticked since a day, or no longer is.
            models.Index(
                fields=["at", "learner"],
                condition=models.Q(fields__contains="sync_to_xero"),
                name="learner_change_ticked",
            )
        ]

    def __str__(self) -> str:
        return f"learner {self.learner_id} at {self.at.isoformat()}"

    @property
    def fields_in_words(self) -> str:
        """The labels of the changed fields as one line, such as "E-mail, mobile"."""
        labels = {field.name: str(field.verbose_name) for field in Learner._meta.fields}
        text = ", ".join(labels.get(name, name) for name in self.fields)
        return text[:1].upper() + text[1:]
