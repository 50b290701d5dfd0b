"""What is pulled from Xero, and everything that Xero calls each kind of it: one table.

A row's facts come from Xero's specification 16.1.0, the path of that name, where nothing else is
said. `xero_python` 15.2.0 spells the methods.
"""

from dataclasses import dataclass

from django.db import models

from invoices.models import Kind


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

    # The types that a list is narrowed to. Xero counts the elements of a list, so these are also
    # the ones that it counts when its count is held against what is stored.
    types_asked: tuple[str, ...] = ()
    # The types that are stored when they come, by a list or by id.
    types_stored: frozenset[str] = frozenset()
    # The types that are known and left out, in whatever list they come.
    types_left_out: frozenset[str] = frozenset()

    # Parameters that its list knows: `IDs`, `includeArchived`, `unitdp`.
    lists_by_ids: bool = False
    lists_archived: bool = False
    lists_unitdp: bool = True
    # The same of a single element: `unitdp`.
    gets_unitdp: bool = False


# The AR* and AP* spellings stand in the specification's enumerations of the types of overpayments
# and prepayments, for the same documents as RECEIVE-* and SPEND-*.
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
        types_asked=("ACCREC",),
        types_stored=frozenset({"ACCREC"}),
        types_left_out=frozenset({"ACCPAY"}),
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
        types_asked=("ACCRECCREDIT",),
        types_stored=frozenset({"ACCRECCREDIT"}),
        types_left_out=frozenset({"ACCPAYCREDIT"}),
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
        types_asked=("RECEIVE-OVERPAYMENT",),
        types_stored=frozenset({"RECEIVE-OVERPAYMENT", "AROVERPAYMENT"}),
        types_left_out=frozenset({"SPEND-OVERPAYMENT", "APOVERPAYMENT"}),
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
        types_asked=("RECEIVE-PREPAYMENT",),
        types_stored=frozenset({"RECEIVE-PREPAYMENT", "ARPREPAYMENT"}),
        types_left_out=frozenset({"SPEND-PREPAYMENT", "APPREPAYMENT"}),
    ),
}

# In the order in which they are pulled.
DOCUMENTS = tuple(resource for resource, row in _ROWS.items() if row.kind is not None)
BY_CATEGORY: dict[str, Resource] = {row.category: resource for resource, row in _ROWS.items()}
# `GET /Prepayments` was reported to give overpayments too (XeroAPI/Xero-NetStandard, issue 477), so
# a purchase is known by its type wherever it comes.
PURCHASE_TYPES: frozenset[str] = frozenset().union(*(row.types_left_out for row in _ROWS.values()))


def of(resource: Resource) -> Row:
    """Return the row of a resource."""
    return _ROWS[resource]
