"""What was done about a portal and its people, and by whom."""

from typing import ClassVar

from django.db import models

from lrm.models.people import User
from lrm.models.portals import Portal


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
    PASSKEY_ADDED = "PASSKEY_ADDED", "Passkey added"
    PASSKEY_REMOVED = "PASSKEY_REMOVED", "Passkey removed"
    APP_ADDED = "APP_ADDED", "Authenticator app added"
    APP_REMOVED = "APP_REMOVED", "Authenticator app taken away"
    PORTAL = "PORTAL", "Portal details changed"
    TOKEN_MADE = "TOKEN_MADE", "API token made"
    TOKEN_ENDED = "TOKEN_ENDED", "API token ended"
    HOOK_MADE = "HOOK_MADE", "Webhook endpoint made"
    HOOK_ON = "HOOK_ON", "Webhook endpoint switched on"
    HOOK_OFF = "HOOK_OFF", "Webhook endpoint switched off"
    HOOK_SECRET = "HOOK_SECRET", "New secret for a webhook endpoint"
    HOOK_TYPES = "HOOK_TYPES", "Types of message chosen for a webhook endpoint"
    HOOK_DELETED = "HOOK_DELETED", "Webhook endpoint deleted"
    HOOK_TESTED = "HOOK_TESTED", "Test sent to a webhook endpoint"
    HOOK_AGAIN = "HOOK_AGAIN", "Webhook message sent again"
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
