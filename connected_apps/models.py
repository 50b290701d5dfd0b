"""Who a portal is connected to, and with what.

Three rows make a connection. An `Organisation` is a Xero tenant as one portal knows it; documents
and contacts belong to it, so that they stay apart when another organisation is connected and come
back with it. A `Grant` is one consent's token set (Xero gives one for each consent of a user, not
one for each tenant). The `Connection` is what the settings page shows: its state, the organisation
it points to, the grant it uses, and a generation that rises whenever queued work must be dropped.
"""

import uuid
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models

from lrm.models import Portal, User

# What the first connected app is called in `app`, here and in the audit trail.
XERO = "xero"


class Organisation(models.Model):
    """A Xero tenant, as one portal knows it."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="organisations")
    tenant_id = models.UUIDField()
    name = models.CharField(max_length=255)
    short_code = models.CharField(max_length=20, blank=True)
    # IANA name, translated from Xero's .NET-style token; edges of date ranges need it.
    time_zone = models.CharField(max_length=64, blank=True)
    base_currency = models.CharField(max_length=3, blank=True)
    # Null until Xero has said them.
    financial_year_end_month = models.PositiveSmallIntegerField(null=True)
    financial_year_end_day = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["portal", "tenant_id"], name="organisation_of_portal")
        ]
        indexes: ClassVar = [models.Index(fields=["tenant_id"], name="organisation_tenant")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the dates of its documents; its portal's where Xero has named none."""
        return ZoneInfo(self.time_zone or self.portal.time_zone)


class Grant(models.Model):
    """One consent's token set. Tokens are stored encrypted and never shown, not even in repr."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="grants")
    xero_user_id = models.CharField(max_length=64, blank=True)
    xero_user_name = models.CharField(max_length=200, blank=True)
    # The consent these tokens came from; `/connections` marks what was chosen in it with the same.
    authentication_event_id = models.CharField(max_length=64, blank=True)
    scopes = models.TextField(blank=True, help_text="Granted scopes, separated by spaces.")
    access_token_encrypted = models.BinaryField()
    refresh_token_encrypted = models.BinaryField()
    # The token before the newest. Xero lets it be used again for 30 minutes, which mends a reply
    # that was lost (Xero's OAuth 2.0 questions page).
    previous_refresh_token_encrypted = models.BinaryField(null=True)
    access_expires_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    refresh_count = models.PositiveIntegerField(default=0)
    # When the identity service last let a refresh down; those who waited for that refresh do not
    # each run into the same wall one after the other.
    refresh_failed_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"grant {self.pk}"


class State(models.TextChoices):
    """What a connection is in. The words people read are made in `states`."""

    NOT_CONNECTED = "NOT_CONNECTED", "Not connected"
    CONNECTING = "CONNECTING", "Connecting"
    CONNECTED = "CONNECTED", "Connected"
    CONNECTED_WITH_PROBLEMS = "CONNECTED_WITH_PROBLEMS", "Connected with problems"
    PAUSED = "PAUSED", "Paused"
    NEEDS_RECONNECTING = "NEEDS_RECONNECTING", "Needs reconnecting"
    DISCONNECTED_IN_XERO = "DISCONNECTED_IN_XERO", "Disconnected in Xero"
    DISCONNECTED_HERE = "DISCONNECTED_HERE", "Disconnected here"


class Connection(models.Model):
    """A portal's link to one connected app; for Xero, to one organisation."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="connections")
    app = models.CharField(max_length=30, default=XERO)
    state = models.CharField(max_length=30, choices=State.choices, default=State.NOT_CONNECTED)
    # One sentence for people: why it is in this state.
    reason = models.CharField(max_length=300, blank=True)
    state_since = models.DateTimeField()
    # While CONNECTING: what it was before, and is again if the person never comes back.
    state_before = models.CharField(max_length=30, choices=State.choices, blank=True)
    reason_before = models.CharField(max_length=300, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True)
    grant = models.ForeignKey(Grant, on_delete=models.SET_NULL, null=True)
    # The id that DELETE /connections/{id} takes: Xero's own, not the tenant id.
    xero_connection_id = models.UUIDField(null=True)
    # Rises on every connect and disconnect; work carrying an older one drops itself.
    generation = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True)
    problem_count = models.PositiveIntegerField(default=0)
    connected_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    connected_at = models.DateTimeField(null=True)
    # When `/connections` last listed this organisation.
    checked_at = models.DateTimeField(null=True)
    # The last moment at which everything was known to be in step; a reconnect pulls from here.
    last_good_sync_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["portal", "app"], name="one_connection_per_app")
        ]

    def __str__(self) -> str:
        return f"{self.app} of {self.portal}"


class PendingConsent(models.Model):
    """A consent given in Xero that still waits for a person's answer here.

    Either several organisations came with it, or the one that came needs a confirmation. Its
    tokens rest in a `Grant` that no connection uses yet; the row belongs to one user in one
    browser session and is worth nothing after `expires_at`.
    """

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_hash = models.CharField(max_length=64)
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="+")
    # [{"connection_id", "tenant_id", "name", "brand_new"}], as `/connections` listed them;
    # `brand_new` ones did not exist before this consent and go again when it comes to nothing.
    organisations = models.JSONField()
    correlation_id = models.UUIDField(default=uuid.uuid4)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"pending consent {self.pk}"


class PendingRemoval(models.Model):
    """A connection that still stands in Xero and must go: done by itself, until it is done.

    The grant stays for as long as a removal waits, also when no connection uses it any more.
    """

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="pending_removals")
    grant = models.ForeignKey(Grant, on_delete=models.SET_NULL, null=True, related_name="removals")
    xero_connection_id = models.UUIDField()
    organisation_name = models.CharField(max_length=255)
    requested_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    # Set when it is over, one way or the other; `outcome` says which, in words.
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=300, blank=True)
    correlation_id = models.UUIDField(default=uuid.uuid4)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["next_try_at"],
                name="removal_due",
                condition=models.Q(finished_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"removal of {self.organisation_name}"


class AuditEvent(models.Model):
    """One line of the audit trail: who or what did what, when, why. Append only."""

    portal = models.ForeignKey(Portal, on_delete=models.CASCADE, related_name="audit_events")
    # The connected app it is about. Whatever was written before there were several is of Xero.
    app = models.CharField(max_length=30, db_default=XERO)
    at = models.DateTimeField()
    # Null where the system acted by itself; the name is kept as it was then.
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=200)
    action = models.CharField(max_length=60)
    from_state = models.CharField(max_length=30, blank=True)
    to_state = models.CharField(max_length=30, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    is_problem = models.BooleanField(default=False)
    organisation_name = models.CharField(max_length=255, blank=True)
    correlation_id = models.UUIDField(default=uuid.uuid4)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["portal", "-at"], name="audit_of_portal")]

    def __str__(self) -> str:
        return f"{self.action} at {self.at:%Y-%m-%d %H:%M}"
