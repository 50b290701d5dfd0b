"""Builders of organisations and documents. Everything made up, every number used once."""

import datetime
import itertools
import uuid
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connected_apps.models import Connection, Organisation, State
from invoices.listing import document_rows
from invoices.listing.document_rows import DocumentRow
from invoices.models import Allocation, Contact, ContactLink, Document, Kind, LinkSource, Payment
from lrm.models import Learner, Portal
from tests.support import neighbours
from xero_sync.models import RunState, SyncRun

SYDNEY = ZoneInfo("Australia/Sydney")
NOW = datetime.datetime(2026, 11, 20, 1, 0, tzinfo=datetime.UTC)
TODAY = datetime.date(2026, 11, 20)
_numbers = itertools.count(1)


def today() -> datetime.date:
    """Return the day it is for the organisations made here."""
    return datetime.datetime.now(SYDNEY).date()


def make_organisation(
    portal: Portal, *, name: str = "Wattle Creek Training Pty Ltd", connected: bool = True
) -> Organisation:
    """Store an organisation; with `connected` the portal shows its documents from now on.

    Its first sync has ended, so that pages take what is here for all there is.
    """
    organisation = Organisation.objects.create(
        portal=portal,
        tenant_id=uuid.uuid4(),
        name=name,
        time_zone=SYDNEY.key,
        base_currency="AUD",
    )
    neighbours.share(organisation.tenant_id)
    if connected:
        Connection.objects.update_or_create(
            portal=portal,
            app="xero",
            defaults={
                "state": State.CONNECTED,
                "state_since": NOW,
                "organisation": organisation,
            },
        )
        SyncRun.objects.create(
            portal=portal,
            organisation=organisation,
            generation=0,
            date_from="1900-01-01",
            date_to="2100-01-01",
            is_first=True,
            state=RunState.DONE,
            requested_at=NOW,
            finished_at=NOW,
        )
    return organisation


def make_contact(
    organisation: Organisation, *, save: bool = True, name: str = "", number: str = ""
) -> Contact:
    """Return a mirrored contact, stored unless told."""
    contact = Contact(
        organisation=organisation,
        xero_id=uuid.uuid4(),
        name=name or f"Made-Up Contact {next(_numbers)}",
        contact_number=number,
        status="ACTIVE",
        updated_at=NOW,
        read_at=NOW,
        digest=b"0" * 16,
        raw={},
        first_synced_at=NOW,
        synced_at=NOW,
    )
    if save:
        contact.save()
    return contact


def link(
    learner: Learner, organisation: Organisation, contact_xero_id: uuid.UUID, *, save: bool = True
) -> ContactLink:
    """Pair a learner with a contact; it is stored unless told."""
    paired = ContactLink(
        learner=learner,
        organisation=organisation,
        contact_xero_id=contact_xero_id,
        source=LinkSource.NUMBER,
        created_at=NOW,
    )
    if save:
        paired.save()
    return paired


def make_linked(learner: Learner, organisation: Organisation) -> uuid.UUID:
    """Pair a learner with a new contact and return the contact's Xero id."""
    contact = make_contact(organisation, name=learner.full_name, number=learner.number)
    link(learner, organisation, contact.xero_id)
    return contact.xero_id


def make_document(organisation: Organisation, *, save: bool = True, **fields: Any) -> Document:
    """Return an approved invoice of 110.00 AUD, stored unless told; amounts may be given as text.

    What is due follows from total, paid and credited unless it is given; a paid one is paid in
    full.
    """
    n = next(_numbers)
    kind = fields.get("kind", Kind.INVOICE)
    values: dict[str, Any] = {
        "kind": kind,
        "xero_id": uuid.uuid4(),
        "number": "" if kind == Kind.OVERPAYMENT else f"{_prefix(kind)}-{n:05}",
        "status": "AUTHORISED",
        "contact_name": "Made-Up Payer",
        "date": TODAY,
        "currency": "AUD",
        "total": "110.00",
        "amount_paid": "0",
        "amount_credited": "0",
        "updated_at": NOW,
        "read_at": NOW,
        "digest": b"0" * 16,
        "raw": {},
        "first_synced_at": NOW,
        "synced_at": NOW,
        **fields,
    }
    if values["status"] == "PAID":
        values.setdefault("amount_due", 0)
        values["amount_paid"] = values["total"] if kind == Kind.INVOICE else "0"
    for name in ("total", "amount_paid", "amount_credited"):
        values[name] = Decimal(values[name])
    due = values["total"] - values["amount_paid"] - values["amount_credited"]
    values["amount_due"] = Decimal(values.get("amount_due", due))
    values.setdefault("sub_total", values["total"])
    values.setdefault("total_tax", Decimal(0))
    document = Document(organisation=organisation, **values)
    if save:
        document.save()
    return document


def make_many(organisation: Organisation, count: int, **fields: Any) -> None:
    """Store so many approved invoices of 110.00 AUD at once."""
    Document.objects.bulk_create(
        [make_document(organisation, save=False, **fields) for _ in range(count)]
    )


def make_row(*, refunded: str = "0", **fields: Any) -> DocumentRow:
    """Return the row of a document that is not stored; `refunded` is what a credit's refunds are.

    What is neither refunded nor left of a credit was used.
    """
    document = make_document(Organisation(), save=False, **fields)
    paid, credited = document.amount_paid, document.amount_credited
    if document.kind != Kind.INVOICE:
        paid = Decimal(refunded)
        credited = document.total - document.amount_due - paid
    settled = {"paid": paid, "credited": credited}
    names = [name for name in document_rows.FIELDS if name not in settled]
    return DocumentRow(**{name: getattr(document, name) for name in names}, **settled)


def apply_credit(
    credit: Document, invoice: Document, amount: str, *, on: datetime.date = TODAY
) -> Allocation:
    """Store an allocation, as the credit's own side tells it."""
    return Allocation.objects.create(
        document=credit,
        xero_id=uuid.uuid4(),
        invoice_xero_id=invoice.xero_id,
        invoice_number=invoice.number,
        date=on,
        amount=Decimal(amount),
    )


def make_payment(document: Document, amount: str, *, reference: str = "") -> Payment:
    """Store a payment of an invoice, or a refund of a credit."""
    return Payment.objects.create(
        document=document,
        xero_id=uuid.uuid4(),
        date=TODAY,
        amount=Decimal(amount),
        reference=reference,
    )


def _prefix(kind: str) -> str:
    return {"CREDIT_NOTE": "CN", "PREPAYMENT": "PRE"}.get(kind, "INV")
