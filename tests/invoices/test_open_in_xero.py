"""*Open in Xero*: for people who work in Xero, on every page that shows a document or a contact."""

from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from connected_apps.models import Organisation
from invoices.models import Kind
from lrm.models import Learner, Portal
from tests.support import builders as people
from tests.support import document_builders, page_reading

pytestmark = pytest.mark.django_db

LOGIN = "https://go.xero.com/organisationlogin/default.aspx?shortcode="


@pytest.fixture
def accounts(portal: Portal) -> Client:
    """A signed-in person of accounts."""
    return people.client_of(people.make_user(portal, accounts=True))


@pytest.fixture
def organisation(organisation: Organisation) -> Organisation:
    """The organisation with the short code that Xero's addresses need."""
    Organisation.objects.filter(pk=organisation.pk).update(short_code="!Wa77l")
    organisation.refresh_from_db()
    return organisation


def address_of(page: str, xero_id: UUID | None) -> str:
    """Return the link as it stands in a page."""
    return f'href="{LOGIN}%21Wa77l&amp;redirecturl={page}{xero_id}"'


def test_accounts_and_admins_open_a_document_in_xero_and_staff_are_not_offered_it(
    portal: Portal, client: Client, accounts: Client, organisation: Organisation
) -> None:
    admin = people.client_of(people.make_user(portal, portal_admin=True))
    invoice = document_builders.make_document(organisation)
    page = reverse("document_detail", args=[invoice.id])
    link = address_of("/AccountsReceivable/View.aspx?InvoiceID=", invoice.xero_id)

    assert link in accounts.get(page).content.decode()
    assert link in admin.get(page).content.decode()
    assert "go.xero.com" not in client.get(page).content.decode()


def test_credit_that_has_no_online_invoice_opens_in_xero_from_the_learners_page(
    client: Client, accounts: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    credit = document_builders.make_document(
        organisation, kind=Kind.CREDIT_NOTE, contact_xero_id=contact
    )
    # Xero documents no address of these.
    document_builders.make_document(organisation, kind=Kind.OVERPAYMENT, contact_xero_id=contact)
    link = address_of("/AccountsReceivable/ViewCreditNote.aspx?creditNoteID=", credit.xero_id)

    html = page_reading.page_of(accounts, learner)
    renewed = accounts.get(page_reading.live_address(html).split("?")[0]).content.decode()

    assert html.count("go.xero.com") == 1
    assert link in html
    assert link in renewed
    assert "go.xero.com" not in page_reading.page_of(client, learner)


def test_every_row_of_the_report_opens_in_xero(
    accounts: Client, organisation: Organisation
) -> None:
    invoice = document_builders.make_document(organisation, number="INV-0042")
    document_builders.make_document(organisation, kind=Kind.PREPAYMENT)

    html = accounts.get("/reports/0442/", {"date_from": "", "date_to": ""}).content.decode()

    assert html.count("go.xero.com") == 1
    assert address_of("/AccountsReceivable/View.aspx?InvoiceID=", invoice.xero_id) in html
    assert "Open INV-0042 in Xero, opens in a new tab" in page_reading.text_of(html)


def test_contact_opens_in_xero(
    client: Client, accounts: Client, organisation: Organisation
) -> None:
    contact = document_builders.make_contact(organisation)
    page = reverse("contact", args=[contact.pk])

    assert address_of("/Contacts/View/", contact.xero_id) in accounts.get(page).content.decode()
    assert "go.xero.com" not in client.get(page).content.decode()


def test_nothing_is_offered_before_xero_has_told_its_short_code(
    accounts: Client, organisation: Organisation
) -> None:
    Organisation.objects.filter(pk=organisation.pk).update(short_code="")
    invoice = document_builders.make_document(organisation)

    html = accounts.get(reverse("document_detail", args=[invoice.id])).content.decode()

    assert "go.xero.com" not in html
