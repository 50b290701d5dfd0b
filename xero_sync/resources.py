"""What is pulled from Xero, and everything that Xero calls each kind of it: one table.

A row's facts come from Xero's specification 16.1.0, the path of that name, where nothing else is
said. `xero_python` 15.2.0 spells the methods.
"""

from dataclasses import dataclass

from django.db import models

from invoices.models import Kind

# The most that Xero gives at once.
PAGE_SIZE = 1000


class Resource(models.TextChoices):
    """What is pulled from Xero, in the order in which it is pulled."""

    CONTACT = "CONTACT", "Contacts"
    INVOICE = "INVOICE", "Invoices"
    CREDIT_NOTE = "CREDIT_NOTE", "Credit notes"
    OVERPAYMENT = "OVERPAYMENT", "Overpayments"
    PREPAYMENT = "PREPAYMENT", "Prepayments"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What Xero calls one resource, and what it is here."""

    # Of the kind that it is stored as; None where it is no document.
    kind: Kind | None = None

    # The member of a reply that holds the elements.
    collection: str
    # The methods of the SDK: for a list, and for one element by its id.
    list_method: str
    get_method: str
    # Webhooks: the `eventCategory`, as Xero's webhook specification 18.0.0 spells it.
    category: str

    # Members of an element: its id, what people know it by, what is left of it, what is credited.
    id_member: str
    number_member: str
    left_member: str = ""
    credited_member: str = ""

    # Whether it can be applied to invoices, and so carries allocations.
    is_credit: bool = False

    # The types of sales: a list is narrowed to them, they are stored when they come, by a list or
    # by id, and they are the ones that Xero counts when its count is held against what is stored.
    # The first is the one that recorded answers of Xero's hold.
    sales: tuple[str, ...] = ()
    # The types of purchases, which are known and left out, in whatever list they come.
    purchases: tuple[str, ...] = ()

    # Parameters that its list knows: `IDs`, `includeArchived`, `unitdp`.
    lists_by_ids: bool = False
    lists_archived: bool = False
    lists_unitdp: bool = True
    # The same of a single element: `unitdp`.
    gets_unitdp: bool = False


# The AR* and AP* spellings stand in the specification's enumerations of types, for the same
# documents as RECEIVE-* and SPEND-*; APOVERPAYMENT only among those of the invoices that payments
# name, so a list of overpayments may refuse it (`list_queries` asks without it then).
_ROWS: dict[Resource, Row] = {
    Resource.CONTACT: Row(
        collection="Contacts",
        list_method="get_contacts",
        get_method="get_contact",
        category="CONTACT",
        id_member="ContactID",
        number_member="Name",
        lists_by_ids=True,
        lists_archived=True,
        lists_unitdp=False,
    ),
    Resource.INVOICE: Row(
        kind=Kind.INVOICE,
        collection="Invoices",
        list_method="get_invoices",
        get_method="get_invoice",
        category="INVOICE",
        id_member="InvoiceID",
        number_member="InvoiceNumber",
        left_member="AmountDue",
        credited_member="AmountCredited",
        sales=("ACCREC",),
        purchases=("ACCPAY",),
        lists_by_ids=True,
        lists_archived=True,
        gets_unitdp=True,
    ),
    Resource.CREDIT_NOTE: Row(
        kind=Kind.CREDIT_NOTE,
        collection="CreditNotes",
        list_method="get_credit_notes",
        get_method="get_credit_note",
        category="CREDITNOTE",
        id_member="CreditNoteID",
        number_member="CreditNoteNumber",
        left_member="RemainingCredit",
        credited_member="AppliedAmount",
        is_credit=True,
        sales=("ACCRECCREDIT",),
        purchases=("ACCPAYCREDIT",),
        gets_unitdp=True,
    ),
    Resource.OVERPAYMENT: Row(
        kind=Kind.OVERPAYMENT,
        collection="Overpayments",
        list_method="get_overpayments",
        get_method="get_overpayment",
        category="OVERPAYMENT",
        id_member="OverpaymentID",
        # Overpayments have no number.
        number_member="OverpaymentNumber",
        left_member="RemainingCredit",
        credited_member="AppliedAmount",
        is_credit=True,
        sales=("RECEIVE-OVERPAYMENT", "AROVERPAYMENT"),
        purchases=("SPEND-OVERPAYMENT", "APOVERPAYMENT"),
    ),
    Resource.PREPAYMENT: Row(
        kind=Kind.PREPAYMENT,
        collection="Prepayments",
        list_method="get_prepayments",
        get_method="get_prepayment",
        category="PREPAYMENT",
        id_member="PrepaymentID",
        # The number of the invoice that it was entered with.
        number_member="InvoiceNumber",
        left_member="RemainingCredit",
        credited_member="AppliedAmount",
        is_credit=True,
        sales=("RECEIVE-PREPAYMENT", "ARPREPAYMENT"),
        purchases=("SPEND-PREPAYMENT", "APPREPAYMENT"),
    ),
}

# In the order in which they are pulled.
DOCUMENTS = tuple(resource for resource, row in _ROWS.items() if row.kind is not None)
BY_CATEGORY: dict[str, Resource] = {row.category: resource for resource, row in _ROWS.items()}
# `GET /Prepayments` was reported to give overpayments too (XeroAPI/Xero-NetStandard, issue 477), so
# a document is known by its type wherever it comes, and what belongs to another list comes by that.
EVERY_TYPE: frozenset[str] = frozenset(
    type for row in _ROWS.values() for type in (*row.sales, *row.purchases)
)
# Words of the addresses that are called, beside which only ids stand there.
PATH_WORDS = frozenset(
    {"api.xro", "2.0", "Organisation", "OnlineInvoice", *(row.collection for row in _ROWS.values())}
)


def of(resource: Resource) -> Row:
    """Return the row of a resource."""
    return _ROWS[resource]
