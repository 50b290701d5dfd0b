"""A learner's own page: what is theirs, and nothing that is somebody else's."""

from decimal import Decimal
from uuid import UUID

import pytest
from django.test import Client

from connected_apps.models import Organisation
from invoices.models import ContactLink, CoverDecision, DocumentMove, Kind
from lrm.models import Learner, Portal
from tests.support import builders, document_builders
from tests.support.document_builders import NOW
from xero_sync.models import ContactPush, ContactQuestion, PushState

PATH = "/my/invoices/"


@pytest.fixture
def portal(db: None) -> Portal:
    made = builders.make_portal()
    made.learners_see_documents = True
    made.save()
    return made


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    return document_builders.make_organisation(portal)


@pytest.fixture
def learner(portal: Portal) -> Learner:
    return builders.make_learner(portal)


@pytest.fixture
def contact(learner: Learner, organisation: Organisation) -> UUID:
    return document_builders.make_linked(learner, organisation)


@pytest.fixture
def client(learner: Learner) -> Client:
    return builders.client_of(builders.make_learner_account(learner))


def page_of(client: Client) -> str:
    answer = client.get(PATH)
    assert answer.status_code == 200
    return answer.content.decode()


def test_page_shows_what_is_owed_and_the_way_to_pay(
    client: Client, organisation: Organisation, contact: UUID
) -> None:
    invoice = document_builders.make_document(
        organisation, contact_xero_id=contact, number="INV-1", total="310.00", amount_paid="10"
    )
    document_builders.make_document(
        organisation, contact_xero_id=contact, kind=Kind.CREDIT_NOTE, number="CN-1", total="45.50"
    )

    page = page_of(client)

    assert "300.00</span> AUD to pay" in page
    assert "45.50 AUD of credit left" in page
    assert f"/my/invoices/{invoice.pk}/online/" in page
    assert page.count("View and pay") == 1
    assert "/documents/" not in page
    assert "/learners/" not in page


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED", "VOIDED", "DELETED", "BREWED"])
def test_page_shows_no_document_that_asks_for_nothing(
    client: Client, organisation: Organisation, contact: UUID, status: str
) -> None:
    hidden = document_builders.make_document(
        organisation, contact_xero_id=contact, number="INV-9", status=status
    )

    assert "INV-9" not in page_of(client)
    assert client.get(f"{PATH}{hidden.pk}/online/").status_code == 404


def test_page_shows_nothing_that_is_billed_to_an_employer(
    client: Client, learner: Learner, organisation: Organisation, contact: UUID
) -> None:
    employer = document_builders.make_contact(organisation, name="Saltbush Mining")
    billed = document_builders.make_document(
        organisation, contact_xero_id=employer.xero_id, number="INV-77"
    )
    CoverDecision.objects.create(
        learner=learner,
        organisation=organisation,
        kind=billed.kind,
        document_xero_id=billed.xero_id,
        is_covered=True,
        by_name="Staff",
        at=NOW,
    )
    staff = builders.client_of(builders.make_user(learner.portal))
    assert "INV-77" in staff.get(f"/learners/{learner.pk}/xero-invoices/").content.decode()

    assert "INV-77" not in page_of(client)
    assert client.get(f"{PATH}{billed.pk}/online/").status_code == 404


def test_page_shows_nothing_of_another_learner(
    client: Client, organisation: Organisation, contact: UUID
) -> None:
    other = builders.make_learner(organisation.portal)
    theirs = document_builders.make_document(
        organisation,
        contact_xero_id=document_builders.make_linked(other, organisation),
        number="INV-66",
    )

    assert "INV-66" not in page_of(client)
    assert client.get(f"{PATH}{theirs.pk}/online/").status_code == 404


def test_contact_of_two_learners_shows_to_neither(
    client: Client, learner: Learner, organisation: Organisation, contact: UUID
) -> None:
    shared = document_builders.make_document(organisation, contact_xero_id=contact, number="INV-55")
    assert "INV-55" in page_of(client)
    # Of another portal that is connected to the same organisation in Xero.
    neighbour = document_builders.make_organisation(builders.make_portal("Saltbush"))
    neighbour.tenant_id = organisation.tenant_id
    neighbour.save()
    other = builders.make_learner(neighbour.portal)
    ContactLink.objects.create(
        learner=other,
        organisation=neighbour,
        contact_xero_id=contact,
        source="PERSON",
        created_at=NOW,
    )

    assert "INV-55" not in page_of(client)
    assert client.get(f"{PATH}{shared.pk}/online/").status_code == 404


def test_document_that_a_merge_brought_from_another_learner_does_not_show(
    client: Client, organisation: Organisation, contact: UUID
) -> None:
    before = document_builders.make_linked(builders.make_learner(organisation.portal), organisation)
    moved = document_builders.make_document(organisation, contact_xero_id=contact, number="INV-88")
    assert "INV-88" in page_of(client)
    DocumentMove.objects.create(
        document=moved,
        organisation=organisation,
        from_xero_id=before,
        to_xero_id=contact,
        read_at=NOW,
        is_merge=True,
    )

    assert "INV-88" not in page_of(client)
    assert client.get(f"{PATH}{moved.pk}/online/").status_code == 404


def test_nothing_shows_while_a_push_waits_for_an_answer(
    client: Client, learner: Learner, organisation: Organisation, contact: UUID
) -> None:
    document_builders.make_document(organisation, contact_xero_id=contact, number="INV-22")
    ContactPush.objects.create(learner=learner, state=PushState.QUESTION, requested_at=NOW)

    assert "INV-22" not in page_of(client)


def test_nothing_shows_while_a_question_on_identity_stands(
    client: Client, learner: Learner, organisation: Organisation, contact: UUID
) -> None:
    own = document_builders.make_document(organisation, contact_xero_id=contact, number="INV-44")
    ContactQuestion.objects.create(
        organisation=organisation,
        learner=learner,
        contact_xero_id=document_builders.make_contact(organisation).xero_id,
        why="DIFFERS",
        asked_at=NOW,
    )

    page = page_of(client)

    assert "is checking which documents are yours" in page
    assert "INV-44" not in page
    assert client.get(f"{PATH}{own.pk}/online/").status_code == 404


def test_documents_go_at_the_next_request_when_the_link_ends(
    client: Client, learner: Learner, organisation: Organisation, contact: UUID
) -> None:
    document_builders.make_document(organisation, contact_xero_id=contact, number="INV-33")
    assert "INV-33" in page_of(client)

    learner.contact_links.all().delete()

    page = page_of(client)
    assert "INV-33" not in page
    assert "No invoice or credit of yours is here" in page


def test_page_of_a_portal_without_xero_says_so(client: Client, portal: Portal) -> None:
    page = page_of(client)

    assert f"{portal.name} does not show invoices here yet" in page


def test_balance_adds_no_currencies(
    client: Client, organisation: Organisation, contact: UUID
) -> None:
    for currency, total in (("AUD", "100.00"), ("NZD", "20.00")):
        document_builders.make_document(
            organisation, contact_xero_id=contact, currency=currency, total=Decimal(total)
        )

    page = page_of(client)

    assert "100.00</span> AUD to pay" in page
    assert "20.00</span> NZD to pay" in page
