"""What documents add up to, kept so that totals over a million of them need not read them.

PostgreSQL's own triggers note each change of documents and of refunds in the transaction that makes
it, whoever writes; see `invoices.document_sums`.
"""

from typing import Any, ClassVar

from django.db import models

from connected_apps.models import Organisation


def _sum() -> "models.DecimalField[Any, Any]":
    return models.DecimalField(max_digits=30, decimal_places=4, default=0, db_default=0)


class _Cell(models.Model):
    """Documents that have these in common, and what they add up to.

    `due_date` tells open invoices apart and is null for everything else.
    """

    # Without a constraint: deleting an organisation's documents notes changes of it, after which
    # nothing is left of these.
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(max_length=12)
    currency = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=30)
    date = models.DateField(null=True)
    due_date = models.DateField(null=True)
    documents = models.BigIntegerField(default=0, db_default=0)
    total = _sum()
    amount_due = _sum()
    amount_paid = _sum()
    amount_credited = _sum()
    # Of credits: the sum of their payments.
    refunded = _sum()

    class Meta:
        abstract = True


class Grain(models.TextChoices):
    """How long the time is that a sum stands for; its date is the first day of it."""

    DAY = "D", "A day"
    MONTH = "M", "A month"


class DocumentSum(_Cell):
    """What the documents of a day, or of a month, add up to, without the changes not added yet."""

    grain = models.CharField(max_length=1, choices=Grain.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=[
                    *("organisation", "grain", "date", "kind", "currency", "status", "due_date")
                ],
                name="document_sum_once",
                # What has no date adds up as well.
                nulls_distinct=False,
            )
        ]
        indexes: ClassVar = [
            # Few: what is left of days whose documents moved on, until it is deleted.
            models.Index(
                fields=["id"], condition=models.Q(documents=0), name="document_sum_of_none"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grain} {self.date} {self.kind} {self.currency} {self.status}"


class DocumentSumChange(_Cell):
    """What one statement changed of the sums; appended, so that writers never wait for each other.

    A worker adds it to the sums soon. Until then readers add it themselves.
    """

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation"], name="document_sum_change_of")]

    def __str__(self) -> str:
        return f"{self.date} {self.kind} {self.currency} {self.status}: {self.documents:+}"


class DocumentSumCheck(models.Model):
    """When an organisation's sums were last held against its documents, and what was mended."""

    organisation = models.OneToOneField(
        Organisation, on_delete=models.CASCADE, related_name="document_sum_check"
    )
    checked_at = models.DateTimeField()
    # Since the first check; each of them is a fault to be looked into.
    mended_count = models.PositiveIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"sums of {self.organisation_id}"
