"""Documents as Xero has them: their lines, their payments, and what credits were put towards."""

from typing import Any, ClassVar

from django.db import models

from connected_apps.models import Organisation


def money(**options: Any) -> "models.DecimalField[Any, Any]":
    """Return a column for an amount: four places, since unit amounts may carry them."""
    return models.DecimalField(max_digits=19, decimal_places=4, **options)


class Kind(models.TextChoices):
    """The four kinds of sales documents, by their own word; Xero's type in the comment."""

    INVOICE = "INVOICE", "Invoice"  # ACCREC
    CREDIT_NOTE = "CREDIT_NOTE", "Credit note"  # ACCRECCREDIT
    OVERPAYMENT = "OVERPAYMENT", "Overpayment"  # RECEIVE-OVERPAYMENT
    PREPAYMENT = "PREPAYMENT", "Prepayment"  # RECEIVE-PREPAYMENT


class Document(models.Model):
    """An invoice, credit note, overpayment or prepayment of the connected organisation."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="documents", db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    xero_id = models.UUIDField()
    number = models.CharField(max_length=255, blank=True)
    reference = models.CharField(max_length=4000, blank=True)
    # Xero's own status word; a new one from Xero must not be refused, hence no choices.
    status = models.CharField(max_length=30)
    contact_xero_id = models.UUIDField(null=True)
    contact_name = models.CharField(max_length=500, blank=True)
    date = models.DateField(null=True)
    due_date = models.DateField(null=True)
    fully_paid_on = models.DateField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    currency_rate = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    sub_total = money()
    total_tax = money()
    total = money()
    # What is still owed on an invoice, or still to be used of a credit.
    amount_due = money()
    amount_paid = money()
    amount_credited = money()
    # Xero's UpdatedDateUTC: an older version never replaces a newer one.
    updated_at = models.DateTimeField()
    # When the call that brought this version was sent, by our clock: decides between two
    # versions of one UpdatedDateUTC, since some changes do not move it.
    read_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    # Of the version before this one: who replaces a version tells by it whether it kept the right
    # one. Null while there was none.
    previous_digest = models.BinaryField(max_length=16, null=True)
    raw = models.JSONField()
    online_url = models.URLField(max_length=500, blank=True)
    first_synced_at = models.DateTimeField()
    synced_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "xero_id"], name="document_of_organisation"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["organisation", "contact_xero_id", "-date"], name="document_of_contact"
            ),
            models.Index(fields=["organisation", "date", "id"], name="document_by_date"),
            # For those who look through what was stored since they looked last.
            models.Index(fields=["organisation", "synced_at", "id"], name="document_by_storing"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or self.xero_id}"


class LineItem(models.Model):
    """One line of a document, in Xero's order."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="line_items")
    position = models.PositiveIntegerField()
    xero_id = models.UUIDField(null=True)
    description = models.TextField(blank=True)
    quantity = models.DecimalField(max_digits=19, decimal_places=4, null=True)
    unit_amount = money(null=True)
    tax_amount = money(null=True)
    line_amount = money(null=True)
    account_code = models.CharField(max_length=30, blank=True)
    tax_type = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.description


class Payment(models.Model):
    """A payment of an invoice, or a refund of a credit, as nested in the document."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="payments")
    xero_id = models.UUIDField(null=True)
    date = models.DateField(null=True)
    amount = money()
    reference = models.CharField(max_length=4000, blank=True)

    class Meta:
        ordering: ClassVar = ["date", "id"]
        indexes: ClassVar = [
            # For what came in between two days, of which a week has few.
            models.Index(fields=["date", "document"], include=["amount"], name="payment_by_date")
        ]

    def __str__(self) -> str:
        return f"{self.amount} on {self.date}"


class Allocation(models.Model):
    """An amount of a credit put towards an invoice, as the credit's own side tells it.

    `invoice_xero_id` is Xero's id, not a foreign key: the invoice may arrive later, or never.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="allocations")
    xero_id = models.UUIDField(null=True)
    invoice_xero_id = models.UUIDField(null=True)
    invoice_number = models.CharField(max_length=255, blank=True)
    date = models.DateField(null=True)
    amount = money()

    class Meta:
        ordering: ClassVar = ["date", "id"]
        indexes: ClassVar = [models.Index(fields=["invoice_xero_id"], name="allocation_to_invoice")]

    def __str__(self) -> str:
        return f"{self.amount} to {self.invoice_number}"
