"""What signing in keeps: counts of attempts, second factors, and what ties a session to rights."""

from collections.abc import Iterator
from typing import ClassVar

from django.conf import settings
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


class SecondFactor(models.Model):
    """That more than the password is asked of a person: an authenticator app, passkeys, or both.

    It counts once its first app or passkey has been confirmed. A release that knows no passkeys
    asks for a code wherever it counts, and takes the recovery codes.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="second_factor",
    )
    # The secret of the app; empty where there is none.
    secret_encrypted = models.BinaryField()
    # That of an app which no code has confirmed yet.
    waiting_encrypted = models.BinaryField(null=True)
    begun_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    # The newest half minute whose code was used: no code of it or before works again.
    last_step = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        app_label = "lrm"

    def __str__(self) -> str:
        return f"second factor of user {self.user_id}"


class Passkey(models.Model):
    """A key pair that an authenticator keeps, of which we have the public key: no secret."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="passkeys")
    # What its person calls it.
    name = models.CharField(max_length=60)
    credential_id = models.BinaryField(unique=True)
    # As the authenticator gave it (COSE).
    public_key = models.BinaryField()
    # How a browser may reach the authenticator, in the words of the standard.
    transports = models.JSONField(default=list)
    # How often it was used, by its own count; many count nothing and say 0.
    sign_count = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    # The digest of the challenge that it answered last: no answer counts twice.
    answered = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        app_label = "lrm"
        ordering: ClassVar = ["made_at", "id"]

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """A code that signs in once where app and passkeys are away. It is itself kept nowhere."""

    factor = models.ForeignKey(
        SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "lrm"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["factor", "digest"], name="recovery_code_once")
        ]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
