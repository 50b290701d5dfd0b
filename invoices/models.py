"""Documents and contacts as the LRM keeps them. This app does not know how they got here.

Every row belongs to an organisation and through it to one portal. Amounts are Xero's own, never
recomputed; document dates are calendar dates; instants are UTC. Rows are written in bulk by
COPY and upsert, so the models carry no save logic.
"""

from typing import Any, ClassVar

from django.db import models

from connected_apps.models import Organisation
from invoices import sum_models as sum_models
from invoices.cover_models import CoverAct as CoverAct
from invoices.cover_models import CoverChange as CoverChange
from invoices.cover_models import CoverDecision as CoverDecision
from invoices.cover_models import NamedNumber as NamedNumber
from invoices.move_models import DocumentMove as DocumentMove
from invoices.version_models import DocumentVersion as DocumentVersion
from invoices.version_models import ReadBy as ReadBy
from lrm.models import Learner, User


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


class Contact(models.Model):
    """A Xero contact, mirrored."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="contacts", db_index=False
    )
    xero_id = models.UUIDField()
    name = models.CharField(max_length=500)
    contact_number = models.CharField(max_length=50, blank=True)
    email = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=30)
    merged_to_xero_id = models.UUIDField(null=True)
    updated_at = models.DateTimeField()
    read_at = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    raw = models.JSONField()
    first_synced_at = models.DateTimeField()
    synced_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "xero_id"], name="contact_of_organisation"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "contact_number"], name="contact_by_number"),
            # Few: who was merged into whom, from the winner's side.
            models.Index(
                fields=["organisation", "merged_to_xero_id"],
                condition=models.Q(merged_to_xero_id__isnull=False),
                name="contact_merged",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LinkSource(models.TextChoices):
    """Why a learner and a contact are taken for the same person; see `invoices.identity`."""

    NUMBER = "NUMBER", "The number agrees, and the name or the e-mail address"
    PUSHED = "PUSHED", "Made from the learner, or written after agreement was shown"
    PERSON = "PERSON", "A person said so"


class ContactLink(models.Model):
    """The pairing of a learner with a contact, for as long as the rule of identity upholds it.

    Several learners may share one payer contact, and one learner may have several contacts. What
    was is in `ContactLinkChange`.
    """

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="contact_links")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="contact_links", db_index=False
    )
    contact_xero_id = models.UUIDField()
    source = models.CharField(max_length=8, choices=LinkSource.choices)
    # What it rests on, an `identity.Why`. Empty where the release before paired by number alone:
    # such a pairing is held against the rule at the next chance.
    evidence = models.CharField(max_length=16, blank=True, default="", db_default="")
    # Of a pairing by number, which number that is: a merge in Xero may free it from the contact.
    number = models.CharField(max_length=50, blank=True, default="", db_default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "contact_xero_id", "learner"], name="contact_link_once"
            )
        ]
        indexes: ClassVar = [
            # Few: what may end because of a third person's e-mail address, or was not looked at.
            models.Index(
                fields=["organisation"],
                condition=models.Q(source="NUMBER", evidence__in=["", "EMAIL"]),
                name="contact_link_to_watch",
            ),
            # Few: what may end when a merge is undone in Xero.
            models.Index(
                fields=["organisation", "contact_xero_id"],
                condition=models.Q(evidence="MERGED"),
                name="contact_link_by_merge",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.learner} is {self.contact_xero_id}"


class LinkChange(models.TextChoices):
    """What became of a pairing."""

    MADE = "MADE", "Linked"
    ENDED = "ENDED", "No longer linked"
    REJECTED = "REJECTED", "Somebody else"
    CLEARED = "CLEARED", "Answer taken back"


class ContactLinkChange(models.Model):
    """One line of the history of pairings: when, why, and by whom. Append only."""

    learner = models.ForeignKey(
        Learner, on_delete=models.CASCADE, related_name="contact_link_changes", db_index=False
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    contact_xero_id = models.UUIDField()
    at = models.DateTimeField()
    change = models.CharField(max_length=8, choices=LinkChange.choices)
    source = models.CharField(max_length=8, choices=LinkSource.choices, blank=True)
    evidence = models.CharField(max_length=16, blank=True)
    why = models.CharField(max_length=300)
    # Null where the system acted by itself; the name is kept as it was then.
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    # How the two stood before what a person did, so that it can be undone: the link's `source` and
    # `evidence`, and what was `said`. Null for what the system did, which follows from the rule.
    before = models.JSONField(null=True)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["learner", "-at"], name="contact_link_history")]

    def __str__(self) -> str:
        return f"{self.change} {self.contact_xero_id} at {self.at.isoformat()}"


class ContactDecision(models.Model):
    """What a person said last of a learner and a contact, so that nobody is asked twice."""

    learner = models.ForeignKey(
        Learner, on_delete=models.CASCADE, related_name="contact_decisions", db_index=False
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    contact_xero_id = models.UUIDField()
    is_same_person = models.BooleanField()
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["learner", "organisation", "contact_xero_id"], name="contact_decision_once"
            )
        ]

    def __str__(self) -> str:
        answer = "is" if self.is_same_person else "is not"
        return f"learner {self.learner_id} {answer} {self.contact_xero_id}"
