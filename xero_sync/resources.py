"""What is pulled from Xero, and in which order."""

from django.db import models


class Resource(models.TextChoices):
    """What is pulled from Xero, in the order in which it is pulled."""

    CONTACT = "CONTACT", "Contacts"
    INVOICE = "INVOICE", "Invoices"
    CREDIT_NOTE = "CREDIT_NOTE", "Credit notes"
    OVERPAYMENT = "OVERPAYMENT", "Overpayments"
    PREPAYMENT = "PREPAYMENT", "Prepayments"


# How Xero calls the id of each.
ID_FIELDS: dict[Resource, str] = {
    Resource.CONTACT: "ContactID",
    Resource.INVOICE: "InvoiceID",
    Resource.CREDIT_NOTE: "CreditNoteID",
    Resource.OVERPAYMENT: "OverpaymentID",
    Resource.PREPAYMENT: "PrepaymentID",
}
