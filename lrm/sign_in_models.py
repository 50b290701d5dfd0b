"""What signing in keeps: counts of attempts, and what ties a session to its person's rights."""

from collections.abc import Iterator

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac

# What a session is opened with, besides the password.
_FACTS = ("portal_id", "is_portal_admin", "lrm_role", "is_accounts", "sessions_ended")


class SessionUser(AbstractUser):
    """A user whose sessions end with every change of the password, the rights or the portal.

    So no session outlives the right it was opened with, whoever changes that, and wherever.
    """

    # How often all sessions were ended at once, as by signing out everywhere else.
    sessions_ended = models.PositiveIntegerField(default=0, db_default=0)

    class Meta(AbstractUser.Meta):
        abstract = True

    def get_session_auth_hash(self) -> str:
        """Return what a session must know to be this person's still."""
        facts = (str(getattr(self, name)) for name in _FACTS)
        known = repr((super().get_session_auth_hash(), *facts))
        return salted_hmac("lrm.models.User", known, algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Return none: a new `SECRET_KEY` ends every session."""
        return iter(())


class SignInCount(models.Model):
    """How many attempts to sign in an account or an address has had lately."""

    # What is counted, and a hash of whose.
    key = models.CharField(max_length=80, primary_key=True)
    attempts = models.PositiveIntegerField()
    since = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "lrm"

    def __str__(self) -> str:
        return f"{self.attempts} since {self.since.isoformat()}"
