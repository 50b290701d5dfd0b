"""Portals, the people who use them, and their learners.

A portal is one training provider's LRM and the tenant of this system: every row of every app
belongs to exactly one, and every query starts from it.
"""

import zoneinfo
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from lrm.erasure_models import ErasedLearner as ErasedLearner
from lrm.job_models import OPEN_JOBS as OPEN_JOBS
from lrm.job_models import BatchJob as BatchJob
from lrm.job_models import ImportedRow as ImportedRow
from lrm.job_models import JobFailure as JobFailure
from lrm.job_models import JobState as JobState
from lrm.job_models import LearnerImport as LearnerImport
from lrm.job_models import RowOutcome as RowOutcome
from lrm.learner_account_models import LearnerAccount as LearnerAccount
from lrm.rest_models import ApiAnswer as ApiAnswer
from lrm.rest_models import ApiCount as ApiCount
from lrm.rest_models import ApiToken as ApiToken
from lrm.sign_in_models import RecoveryCode as RecoveryCode
from lrm.sign_in_models import SecondFactor as SecondFactor
from lrm.sign_in_models import SessionUser


def validate_time_zone(name: str) -> None:
    """Refuse a name that is no IANA time zone, such as "Sydney" for "Australia/Sydney"."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is not a time zone. Use a name such as Australia/Sydney.")


class Portal(models.Model):
    """One training provider's LRM."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    time_zone = models.CharField(
        max_length=64, default="Australia/Sydney", validators=[validate_time_zone]
    )
    # With which a financial year begins, where the accounting app does not say.
    financial_year_first_month = models.PositiveSmallIntegerField(default=7, db_default=7)
    # Whether *Sync to Xero* is ticked beforehand where a learner is added.
    new_learners_sync = models.BooleanField(default=False, db_default=False)
    # Whether portal admins and accounts people must have a second factor to do anything.
    demands_second_factor = models.BooleanField(default=False, db_default=False)
    # Whether learners who were invited see their own documents; asked with every request.
    learners_see_documents = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone in which this portal's people read times and mean dates."""
        return zoneinfo.ZoneInfo(self.time_zone)


class LrmRole(models.TextChoices):
    """What a user may do with learners. Independent of being a portal admin."""

    NONE = "NONE", "No LRM access"
    USER = "USER", "LRM user"
    ADMIN = "ADMIN", "LRM admin"


class User(SessionUser):
    """A person who signs in. Portal admin and LRM role are two independent properties."""

    # Null for a learner (`LearnerAccount`), and for a superuser made from the shell: every right
    # begins with a portal, so neither has any but what is given to learners by name.
    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, null=True, related_name="users")
    is_portal_admin = models.BooleanField(default=False)
    lrm_role = models.CharField(max_length=8, choices=LrmRole.choices, default=LrmRole.NONE)
    is_accounts = models.BooleanField(default=False, help_text="May run finance reports.")

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Learner(models.Model):
    """A student of a portal.

    The table has one more column, `words`, which PostgreSQL itself fills for `lrm.search`.
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
            models.Index(fields=["portal", "-updated_at"], name="learner_recent"),
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

    def __str__(self) -> str:
        return f"learner {self.learner_id} at {self.at.isoformat()}"

    @property
    def fields_in_words(self) -> str:
        """The labels of the changed fields as one line, such as "E-mail, mobile"."""
        labels = {field.name: str(field.verbose_name) for field in Learner._meta.fields}
        text = ", ".join(labels.get(name, name) for name in self.fields)
        return text[:1].upper() + text[1:]


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


class PortalAct(models.TextChoices):
    """What may be done about a portal and its people."""

    INVITED = "INVITED", "Invited"
    RIGHTS = "RIGHTS", "Rights changed"
    SWITCHED_OFF = "SWITCHED_OFF", "Switched off"
    SWITCHED_ON = "SWITCHED_ON", "Switched on again"
    PASSWORD_LINK = "PASSWORD_LINK", "New password link sent"
    PASSWORD = "PASSWORD", "Password changed"
    NAME = "NAME", "Name changed"
    EMAIL = "EMAIL", "E-mail address changed"
    SESSIONS = "SESSIONS", "Signed out everywhere else"
    FACTOR_ON = "FACTOR_ON", "Second factor set up"
    FACTOR_OFF = "FACTOR_OFF", "Second factor switched off"
    FACTOR_CODES = "FACTOR_CODES", "New recovery codes made"
    FACTOR_RESET = "FACTOR_RESET", "Second factor reset"
    PORTAL = "PORTAL", "Portal details changed"
    TOKEN_MADE = "TOKEN_MADE", "API token made"
    TOKEN_ENDED = "TOKEN_ENDED", "API token ended"
    LEARNER_INVITED = "LEARNER_INVITED", "Link sent for a learner's own documents"
    LEARNER_ENDED = "LEARNER_ENDED", "A learner's access to their documents ended"
    LEARNER_EXPORTED = "LEARNER_EXPORTED", "Everything held on a learner exported"
    LEARNER_ERASED = "LEARNER_ERASED", "A learner erased"


class PortalChange(models.Model):
    """Who changed what about a portal or its people, and when. Append only, no secrets."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    # The names are kept as they were then.
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    about = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    about_name = models.CharField(max_length=200, blank=True)
    act = models.CharField(max_length=16, choices=PortalAct.choices)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["portal", "-at"], name="portal_change_recent")]

    def __str__(self) -> str:
        return f"{self.act} at {self.at.isoformat()}"
