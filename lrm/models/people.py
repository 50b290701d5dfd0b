"""The people who sign in, and what each may do."""

from django.db import models

from lrm.models.portals import Portal
from lrm.models.sign_in import SessionUser


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
