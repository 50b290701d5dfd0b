"""Learner > Xero Invoices and the document page, as owner, colleague and stranger see them."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from connected_apps.models import Organisation
from invoices.models import Kind
from lrm.models import Learner, LrmRole, Portal
from tests.support import builders as people
from tests.support import document_builders, page_reading

pytestmark = pytest.mark.django_db


def test_page_shows_all_four_kinds_with_words_links_and_balances(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    invoice = document_builders.make_document(
        organisation, contact_xero_id=contact, number="INV-0042", total="1100", amount_credited="50"
    )
    credit = document_builders.make_document(
        organisation,
        contact_xero_id=contact,
        kind=Kind.CREDIT_NOTE,
        number="CN-0007",
        total="80",
        amount_due="30",
    )
    document_builders.apply_credit(credit, invoice, "50")
    for kind in (Kind.OVERPAYMENT, Kind.PREPAYMENT):
        document_builders.make_document(
            organisation, contact_xero_id=contact, kind=kind, total="20"
        )

    html = page_reading.page_of(client, learner)

    text = page_reading.text_of(html)
    for word in ("Invoice", "Credit note", "Overpayment of 20 Nov 2026", "Prepayment"):
        assert word in text
    assert "by CN-0007 50.00" in text
    assert "to INV-0042 50.00" in text
    assert "1,050.00 AUD owed." in text
    assert "70.00 AUD credit is left to use; once it is used, 980.00 is owed." in text
    assert f'href="{reverse("document_detail", args=[credit.id])}"' in html
    assert f'href="/documents/{invoice.id}/online/"' in html
    assert f'href="/documents/{credit.id}/online/"' not in html
    assert f'href="/documents/{credit.id}/pdf/"' in html
    assert "Xero makes no PDF of an overpayment." in text


def test_page_is_open_to_lrm_users_and_to_nobody_else(
    portal: Portal, organisation: Organisation, learner: Learner
) -> None:
    colleague = people.make_user(portal, portal_admin=True, role=LrmRole.NONE)
    stranger = people.make_user(people.make_portal("Other"))
    document_builders.make_linked(learner, organisation)
    addresses = [
        reverse("learner_xero_invoices", args=[learner.id]),
        reverse("learner_xero_invoices_table", args=[learner.id]),
    ]

    for address in addresses:
        assert people.client_of(people.make_user(portal)).get(address).status_code == 200
        assert people.client_of(colleague).get(address).status_code == 403
        assert people.client_of(stranger).get(address).status_code == 404
    assert people.client_of(None).get(addresses[0]).status_code == 302


def test_page_says_who_can_connect_when_nothing_is_connected(
    portal: Portal, client: Client, learner: Learner
) -> None:
    people.make_user(portal, portal_admin=True, first_name="Ada", last_name="Admin")

    html = page_reading.page_of(client, learner)

    assert "Xero is not connected" in html
    assert "You can ask Ada Admin." in page_reading.text_of(html)
    assert client.get(page_reading.live_address(html)).status_code == 204


def test_page_offers_connected_apps_to_who_can_connect(portal: Portal, learner: Learner) -> None:
    admin = people.make_user(portal, portal_admin=True)

    html = page_reading.page_of(people.client_of(admin), learner)

    assert 'href="/settings/connected-apps/"' in html


@pytest.mark.parametrize(
    ("ticked", "words"),
    [(True, "appear here as soon as the contact is in"), (False, "is not ticked for")],
)
def test_page_says_how_a_contact_comes_when_there_is_none(
    client: Client, organisation: Organisation, learner: Learner, ticked: bool, words: str
) -> None:
    learner.sync_to_xero = ticked
    learner.save()

    html = page_reading.page_of(client, learner)

    assert "No Xero contact yet" in html
    assert words in page_reading.text_of(html)


def test_page_says_so_when_the_contact_has_no_documents(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    document_builders.make_linked(learner, organisation)

    assert "No documents yet" in page_reading.page_of(client, learner)


def test_filter_narrows_the_rows_but_not_the_balance(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    for status in ("AUTHORISED", "PAID", "VOIDED", "DRAFT"):
        document_builders.make_document(
            organisation, contact_xero_id=contact, number=f"N-{status}", status=status
        )

    html = page_reading.page_of(client, learner, status="cancelled")

    assert "N-VOIDED" in html
    assert 'scope="row"' in html
    assert html.count('scope="row"') == 1
    assert "110.00 AUD owed" in page_reading.text_of(html)
    assert "Nothing matches this filter" in page_reading.page_of(client, learner, status="overdue")


def test_filter_says_so_at_the_field_when_it_is_nonsense(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    document_builders.make_document(organisation, contact_xero_id=contact, number="INV-1")

    html = page_reading.page_of(client, learner, kind="BILL", page="-9e9")

    assert "Choose a kind from the list." in html
    assert "INV-1" in html


def test_two_thousand_documents_are_paged_with_a_fixed_number_of_queries(
    client: Client,
    organisation: Organisation,
    learner: Learner,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    type(document_builders.make_document(organisation, save=False)).objects.bulk_create(
        document_builders.make_document(
            organisation,
            save=False,
            contact_xero_id=contact,
            kind=Kind.CREDIT_NOTE if n % 5 == 0 else Kind.INVOICE,
            number=f"D-{n:04}",
            date=document_builders.TODAY - datetime.timedelta(days=n),
        )
        for n in range(2000)
    )

    # Ten of them for what opens in place, the quick filters and the picture.
    with django_assert_max_num_queries(34):
        first = page_reading.page_of(client, learner)
    last = page_reading.page_of(client, learner, page="20")

    assert first.count('<th scope="row" class="document-name"') == 100
    assert "1 to 100 of 2000 documents" in page_reading.text_of(first)
    assert "D-0000" in first
    assert "D-1999" in last
    assert "Newer" in last
    assert "Older" not in last


def test_document_page_shows_lines_payments_and_applications(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    invoice = document_builders.make_document(
        organisation, contact_xero_id=contact, number="INV-5", raw={"Secret": "never-shown"}
    )
    invoice.line_items.create(
        position=0,
        description="Certificate III\nterm 1",
        quantity="1.0000",
        unit_amount="0.1250",
        line_amount="110.00",
        account_code="200",
    )
    document_builders.make_payment(invoice, "12.34", reference="EFT 77")
    credit = document_builders.make_document(organisation, kind=Kind.CREDIT_NOTE, number="CN-5")
    document_builders.apply_credit(credit, invoice, "5")

    html = client.get(reverse("document_detail", args=[invoice.id])).content.decode()

    for expected in (
        "Certificate III<br>term 1",
        "0.1250",
        "12.34 AUD",
        "EFT 77",
        "CN-5",
        "5.00 AUD",
    ):
        assert expected in html
    assert reverse("learner_xero_invoices", args=[learner.id]) in html
    assert "never-shown" not in html


def test_document_page_is_not_found_for_strangers_and_former_organisations(
    portal: Portal, client: Client, organisation: Organisation
) -> None:
    former = document_builders.make_organisation(portal, name="Former", connected=False)
    theirs = document_builders.make_organisation(people.make_portal("Other"))
    mine, old, foreign = (
        reverse("document_detail", args=[document_builders.make_document(owner).id])
        for owner in (organisation, former, theirs)
    )

    assert client.get(mine).status_code == 200
    assert client.get(old).status_code == 404
    assert client.get(foreign).status_code == 404
    assert client.get("/documents/999999999/").status_code == 404


def test_text_from_xero_is_shown_as_text(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    document_builders.make_document(
        organisation, contact_xero_id=contact, number="<script>alert(1)</script>"
    )

    html = page_reading.page_of(client, learner)

    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html
