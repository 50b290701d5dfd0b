"""Reading documents: order, balances, applications, versions and isolation."""

import datetime
import uuid
from decimal import Decimal

import pytest

from connected_apps.models import Organisation
from invoices import applied, queries
from invoices.listing import document_rows
from invoices.models import Document, Kind
from lrm.models import Learner, Portal
from tests.support import builders as people
from tests.support import document_builders

TODAY = document_builders.TODAY
DAY = datetime.timedelta(days=1)

pytestmark = pytest.mark.django_db


def documents_of(learner: Learner, organisation: Organisation) -> list[Document]:
    """Return a learner's documents as the page finds them."""
    contact_ids = queries.contact_ids_of(learner=learner, organisation=organisation)
    found = queries.documents_of_contacts(organisation=organisation, contact_ids=contact_ids)
    return list(found)


def test_documents_of_learner_are_newest_first_and_only_of_linked_contacts(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    learner = people.make_learner(portal)
    contact = document_builders.make_linked(learner, organisation)
    old = document_builders.make_document(organisation, contact_xero_id=contact, date=TODAY - DAY)
    new = document_builders.make_document(organisation, contact_xero_id=contact, date=TODAY)
    undated = document_builders.make_document(organisation, contact_xero_id=contact, date=None)
    document_builders.make_document(organisation, contact_xero_id=uuid.uuid4())

    assert documents_of(learner, organisation) == [new, old, undated]


def test_documents_of_another_organisation_stay_apart_when_the_contact_id_is_the_same(
    portal: Portal,
) -> None:
    former = document_builders.make_organisation(portal, name="Former", connected=False)
    organisation = document_builders.make_organisation(portal)
    learner = people.make_learner(portal)
    contact = document_builders.make_linked(learner, organisation)
    document_builders.make_document(former, contact_xero_id=contact)

    assert documents_of(learner, organisation) == []
    assert documents_of(learner, former) == []


def test_balances_keep_currencies_apart_and_leave_out_what_is_not_owed(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    document_builders.make_document(
        organisation, total="100", amount_paid="40", due_date=TODAY - DAY
    )
    document_builders.make_document(organisation, total="0.10", due_date=TODAY)
    document_builders.make_document(organisation, total="7", currency="NZD")
    document_builders.make_document(
        organisation, kind=Kind.CREDIT_NOTE, total="30", amount_due="12.50"
    )
    document_builders.make_document(organisation, kind=Kind.OVERPAYMENT, total="5", currency="NZD")
    for status in ("DRAFT", "SUBMITTED", "VOIDED", "DELETED"):
        document_builders.make_document(organisation, total="1000", status=status)
        document_builders.make_document(
            organisation, kind=Kind.CREDIT_NOTE, total="500", status=status
        )

    balances = queries.balances_of(Document.objects.all(), today=TODAY)

    assert balances == [
        queries.Balance("AUD", Decimal("60.10"), Decimal("60"), Decimal("12.50"), TODAY - DAY),
        queries.Balance("NZD", Decimal("7"), Decimal(0), Decimal("5"), None),
    ]
    assert [balance.net for balance in balances] == [Decimal("47.60"), Decimal("2")]


def test_applications_show_on_both_sides_when_a_credit_is_applied(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    invoice = document_builders.make_document(organisation, number="INV-1")
    credit = document_builders.make_document(organisation, kind=Kind.CREDIT_NOTE, number="CN-1")
    document_builders.apply_credit(credit, invoice, "25.00")

    found = applied.applications_of([invoice, credit], organisation=organisation)

    assert found == {
        invoice.id: [applied.Application("CN-1", credit.id, Decimal("25"), TODAY)],
        credit.id: [applied.Application("INV-1", invoice.id, Decimal("25"), TODAY)],
    }


def test_application_names_the_invoice_without_a_link_when_it_is_not_stored(
    portal: Portal,
) -> None:
    organisation = document_builders.make_organisation(portal)
    unknown = document_builders.make_document(organisation, save=False, number="INV-9")
    credit = document_builders.make_document(organisation, kind=Kind.PREPAYMENT)
    document_builders.apply_credit(credit, unknown, "10")

    found = applied.applications_of([credit], organisation=organisation)

    assert found[credit.id] == [applied.Application("INV-9", None, Decimal("10"), TODAY)]


def test_application_of_another_organisation_does_not_show(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    invoice = document_builders.make_document(organisation)
    stranger = document_builders.make_organisation(people.make_portal("Other"))
    document_builders.apply_credit(
        document_builders.make_document(stranger, kind=Kind.CREDIT_NOTE), invoice, "10"
    )

    assert applied.applications_of([invoice], organisation=organisation) == {}


def test_refunds_are_summed_for_credits_only(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    invoice = document_builders.make_document(organisation)
    credit = document_builders.make_document(organisation, kind=Kind.OVERPAYMENT)
    document_builders.make_payment(invoice, "50")
    document_builders.make_payment(credit, "10")
    document_builders.make_payment(credit, "2.50")

    rows = {row.id: row.paid for row in document_rows.rows_of(Document.objects.all())}

    assert rows == {credit.id: Decimal("12.50"), invoice.id: Decimal(0)}


def test_version_moves_when_a_row_stored_earlier_is_committed_later(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    learner = people.make_learner(portal)
    contact = document_builders.make_linked(learner, organisation)
    late = document_builders.make_document(organisation, contact_xero_id=contact)
    document_builders.make_document(
        organisation,
        contact_xero_id=contact,
        synced_at=document_builders.NOW + datetime.timedelta(seconds=9),
    )

    def version() -> queries.Version:
        return queries.version_of_learner_documents(
            learner=learner, organisation=organisation, today=TODAY
        )

    before = version()
    again = version()
    late.synced_at = document_builders.NOW + datetime.timedelta(microseconds=1)
    late.save()
    after = version()

    assert before == again
    assert before.latest_at == after.latest_at
    assert before.token != after.token


def test_version_moves_when_a_contact_is_linked_and_when_the_day_changes(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    learner = people.make_learner(portal)

    def token(today: datetime.date) -> str:
        return queries.version_of_learner_documents(
            learner=learner, organisation=organisation, today=today
        ).token

    unlinked = token(TODAY)
    document_builders.make_linked(learner, organisation)

    assert len({unlinked, token(TODAY), token(TODAY + DAY)}) == 3


def test_document_is_not_found_when_it_belongs_to_another_portal(portal: Portal) -> None:
    theirs = document_builders.make_organisation(people.make_portal("Other"))
    document = document_builders.make_document(theirs)

    assert not queries.document_of_portal(
        portal=portal, organisation=theirs, document_id=document.id
    )
    assert queries.document_of_portal(
        portal=theirs.portal, organisation=theirs, document_id=document.id
    )
