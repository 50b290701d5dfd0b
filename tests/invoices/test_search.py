"""The search in the header: one box for learners, numbers, references and amounts."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connected_apps.models import Organisation, State
from invoices.listing import document_finder
from invoices.models import Kind
from lrm.models import Learner, LrmRole, Portal
from tests.support import builders as people
from tests.support import document_builders as documents
from tests.support.page_reading import text_of


def found(client: Client, text: str) -> str:
    answer = client.get("/search/", {"q": text})
    assert answer.status_code == 200
    return text_of(answer.content.decode().partition("<main")[2])


@pytest.mark.parametrize("typed", ["INV-7701", "inv-7701", " INV-7701 ", "7701"])
def test_number_finds_its_document_however_it_is_typed(
    client: Client, organisation: Organisation, typed: str
) -> None:
    document = documents.make_document(organisation, number="INV-7701")
    documents.make_document(organisation, number="INV-7702")

    answer = client.get("/search/", {"q": typed}, follow=True)

    assert "INV-7701" in answer.content.decode()
    assert "INV-7702" not in answer.content.decode()
    if typed != "7701":
        assert answer.redirect_chain == [(f"/documents/{document.pk}/", 302)]


def test_digits_find_a_number_that_xero_filled_up_with_zeros(
    client: Client, organisation: Organisation
) -> None:
    documents.make_document(organisation, number="INV-0570")

    assert "INV-0570" in found(client, "570")


def test_number_of_two_documents_opens_neither_and_lists_both(
    client: Client, organisation: Organisation
) -> None:
    documents.make_document(organisation, number="A-1", contact_name="First Payer")
    documents.make_document(
        organisation, number="A-1", kind=Kind.CREDIT_NOTE, contact_name="Second Payer"
    )

    page = found(client, "A-1")

    assert "First Payer" in page
    assert "Second Payer" in page


def test_number_of_a_learner_opens_the_learner(client: Client, portal: Portal) -> None:
    learner = people.make_learner(portal, number="L000094")

    answer = client.get("/search/", {"q": "l000094"})

    assert answer["Location"] == f"/learners/{learner.pk}/"


def test_beginnings_list_learners_and_documents_in_two_groups(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = documents.make_linked(learner, organisation)
    documents.make_document(
        organisation, number="MIRRA-1", contact_xero_id=contact, contact_name="Mirra Example"
    )

    page = found(client, "mirra")

    assert page.index("Learners") < page.index("Mirra Example")
    assert page.index("Invoices and credits") < page.index("MIRRA-1")
    assert f"Mirra Example ({learner.number})" in page


@pytest.mark.parametrize("typed", ["1,417.50", "$1417.5", "1417.50 AUD"])
def test_amount_finds_documents_of_that_total(
    client: Client, organisation: Organisation, typed: str
) -> None:
    documents.make_document(organisation, number="INV-1", total="1417.50")
    documents.make_document(organisation, number="INV-2", total="1417.51")

    page = found(client, typed)

    assert "INV-1 " in page
    assert "INV-2 " not in page


def test_reference_finds_by_its_beginning_and_is_shown(
    client: Client, organisation: Organisation
) -> None:
    documents.make_document(organisation, number="INV-1", reference="PO 778 of the employer")
    documents.make_document(organisation, number="INV-2", reference="R" * 4000)

    assert "Reference PO 778 of the employer" in found(client, "po 77")
    assert "INV-2" in found(client, "R" * 150)


def test_more_than_fit_are_said_not_to_be_all(client: Client, organisation: Organisation) -> None:
    for n in range(document_finder.MOST + 1):
        documents.make_document(organisation, number=f"LONG-{n:03}")

    page = found(client, "long-")

    assert "type more to see others" in page
    assert "LONG-010" in page
    assert "LONG-000" not in page


def test_document_of_another_portal_is_not_found_by_its_number(client: Client) -> None:
    stranger = people.make_portal("Saltbush")
    documents.make_document(documents.make_organisation(stranger), number="INV-9911")

    page = found(client, "INV-9911")

    assert "is not here" in page
    assert "Made-Up Payer" not in page


def test_document_of_an_organisation_that_no_longer_shows_is_not_found(
    client: Client, portal: Portal, organisation: Organisation
) -> None:
    other = documents.make_organisation(portal, name="Before", connected=False)
    documents.make_document(other, number="OLD-1")

    assert "is not here" in found(client, "OLD-1")


def test_nothing_found_says_that_xero_is_not_connected(client: Client) -> None:
    assert "Xero is not connected, so no invoice or credit is here" in found(client, "INV-1")


def test_nothing_found_says_what_is_missing_while_xero_is_disconnected(
    client: Client, portal: Portal, organisation: Organisation
) -> None:
    portal.connections.update(state=State.DISCONNECTED_IN_XERO)

    page = found(client, "INV-1")

    assert "It may be in Xero all the same" in page
    assert "Not up to date" in page


@pytest.mark.parametrize("typed", ["%", "_", "'; --", "\\", "\u202e", "\x00", "x" * 500, "😀"])
def test_odd_text_finds_nothing_and_breaks_nothing(
    client: Client, organisation: Organisation, typed: str
) -> None:
    documents.make_document(organisation, number="INV-1")

    assert "INV-1" not in found(client, typed)


def test_search_is_closed_to_people_who_do_not_work_with_learners(portal: Portal) -> None:
    admin = people.make_user(portal, portal_admin=True, role=LrmRole.NONE)

    assert people.client_of(admin).get("/search/?q=a").status_code == 403
    assert 'id="find"' not in people.client_of(admin).get("/").content.decode()


def test_search_costs_the_same_queries_however_much_there_is(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            found(client, "INV-")
        return len(captured)

    contact = documents.make_linked(learner, organisation)
    documents.make_document(organisation, contact_xero_id=contact)
    one = queries()
    for _ in range(9):
        documents.make_document(organisation, contact_xero_id=contact)

    assert queries() == one


@pytest.mark.parametrize(
    ("text", "amount"),
    [("735", Decimal(735)), ("$ 1,000.05", Decimal("1000.05")), ("INV-1", None), ("1.2.3", None)],
)
def test_text_is_an_amount_only_when_it_is_nothing_else(text: str, amount: Decimal | None) -> None:
    assert document_finder.amount_in(text) == amount
