"""What the API keeps: tokens of people, how often it was asked, and answers to be given again."""

from typing import ClassVar

from django.db import models


class ApiToken(models.Model):
    """With which a program acts for one person of one portal. The secret itself is kept nowhere."""

    portal = models.ForeignKey("lrm.Portal", on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey("lrm.User", on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    # SHA-256 of the secret: 256 random bits cannot be guessed, so nothing slower is needed.
    secret_hash = models.CharField(max_length=64, unique=True)
    # Whether it may do what its person may; else it reads, and no more.
    may_act = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "lrm"
        ordering: ClassVar = ["-made_at", "-id"]

    def __str__(self) -> str:
        return self.name


class ApiCount(models.Model):
    """How many requests came lately from whom, or from where."""

    # What is counted: of a token or a person the id, of an address a hash.
    key = models.CharField(max_length=80, primary_key=True)
    requests = models.PositiveIntegerField()
    since = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "lrm"

    def __str__(self) -> str:
        return f"{self.requests} since {self.since.isoformat()}"


class ApiAnswer(models.Model):
    """What was answered to a request with an idempotency key, to be answered once more."""

    user = models.ForeignKey("lrm.User", on_delete=models.CASCADE, related_name="+", db_index=False)
    # Both hashed: programs put into them what they like.
    key_hash = models.CharField(max_length=64)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        app_label = "lrm"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key_hash"], name="api_answer_once")
        ]

    def __str__(self) -> str:
        return f"answer of {self.at.isoformat()}"
