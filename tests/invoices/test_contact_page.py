"""The page of a contact: who may see it, what it says, and that portals never cross."""

import datetime
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from connected_apps.models import Connection, Organisation, State
from invoices.models import Contact, CoverDecision, Document, Kind
from lrm.models import Learner, LrmRole, Portal
from tests.support import builders as people
from tests.support import document_builders, mentions, page_reading

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


@pytest.fixture
def payer(organisation: Organisation) -> Contact:
    """An employer, which is no learner's contact."""
    contact = document_builders.make_contact(organisation, name="Banksia Aged Care Pty Ltd")
    Contact.objects.filter(pk=contact.pk).update(email="pay@banksia.example.com")
    return contact


@pytest.fixture
def learner(portal: Portal) -> Learner:
    """The learner whom the employer's invoices name."""
    return people.make_learner(
        portal, number="L000123", given_name="Mirra", family_name="Example", email=""
    )


def html_of(client: Client, contact: Contact, **query: str) -> str:
    """Return the contact's page."""
    response = client.get(reverse("contact", args=[contact.pk]), query)
    assert response.status_code == 200
    return str(response.content.decode())


def text_of(client: Client, contact: Contact, **query: str) -> str:
    """Return what the contact's page says."""
    return page_reading.text_of(html_of(client, contact, **query))


def shared_organisation(organisation: Organisation) -> Organisation:
    """Return the same organisation in Xero, as another portal knows it."""
    other = document_builders.make_organisation(people.make_portal("Other"))
    Organisation.objects.filter(pk=other.pk).update(tenant_id=organisation.tenant_id)
    other.refresh_from_db()
    return other


def same_contact(contact: Contact, organisation: Organisation) -> Contact:
    """Return the same contact in Xero, as another portal mirrors it."""
    mirrored = document_builders.make_contact(organisation, name=contact.name)
    Contact.objects.filter(pk=mirrored.pk).update(xero_id=contact.xero_id)
    mirrored.refresh_from_db()
    return mirrored


def test_people_of_three_sorts_open_it_and_answer_on_it(
    portal: Portal, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    invoice = mentions.make_billed(payer, number="INV-1", reference="L000123")
    given = {"mention": f"{invoice.pk}-{learner.pk}", "answer": "yes"}
    page = reverse("contact", args=[payer.pk])
    posts = [
        reverse("contact_covers", args=[payer.pk]),
        reverse("learner_covers", args=[learner.pk]),
    ]
    people.make_user(portal, first_name="Sam", last_name="Banksia")
    colleague = people.make_user(portal, portal_admin=True, role=LrmRole.NONE)
    other = document_builders.make_organisation(people.make_portal("Other")).portal
    stranger = people.make_user(other, portal_admin=True, role=LrmRole.ADMIN)

    refused = people.client_of(colleague).get(page)
    assert refused.status_code == 403
    assert "Sam Banksia" in refused.content.decode()
    assert people.client_of(stranger).get(page).status_code == 404
    assert people.client_of(None).get(page).status_code == 302
    for address in posts:
        assert people.client_of(colleague).post(address, given).status_code == 403
        assert people.client_of(stranger).post(address, given).status_code == 404
        assert people.client_of(None).post(address, given).status_code == 302
        assert people.client_of(people.make_user(portal)).get(address).status_code == 405
    assert not CoverDecision.objects.exists()

    owner = people.make_user(portal, accounts=True, first_name="Ari", last_name="Grevillea")
    assert people.client_of(owner).get(page).status_code == 200
    assert people.client_of(owner).post(posts[0], given).status_code == 302
    assert CoverDecision.objects.get().by_name == "Ari Grevillea"


def test_address_without_a_contact_is_not_found(
    client: Client, portal: Portal, organisation: Organisation, payer: Contact
) -> None:
    former = document_builders.make_organisation(portal, name="Former", connected=False)
    of_former = document_builders.make_contact(former)
    given = {"mention": "1-1", "answer": "yes"}

    for contact_id in (of_former.pk, 999999999):
        assert client.get(f"/contacts/{contact_id}/").status_code == 404
        assert client.post(f"/contacts/{contact_id}/covers/", given).status_code == 404

    Connection.objects.all().delete()
    response = client.get(f"/contacts/{payer.pk}/")
    assert response.status_code == 404
    assert b"There is no such page" in response.content


def test_page_still_shows_where_the_connection_is_broken(client: Client, payer: Contact) -> None:
    Connection.objects.update(state=State.NEEDS_RECONNECTING)

    assert "Banksia Aged Care" in text_of(client, payer)


def test_page_says_who_it_is_with_balances_and_documents(
    client: Client, organisation: Organisation, payer: Contact
) -> None:
    mentions.make_billed(payer, number="INV-1", total="500", amount_paid="100")
    mentions.make_billed(payer, number="INV-2", total="7", currency="NZD")
    mentions.make_billed(payer, kind=Kind.CREDIT_NOTE, number="CN-1", total="600", amount_due="600")
    document_builders.make_document(organisation, number="INV-OTHER", contact_xero_id=uuid.uuid4())

    text = text_of(client, payer)

    assert "Banksia Aged Care Pty Ltd Active" in text
    assert "No number · pay@banksia.example.com" in text
    assert "No learner is linked to this contact." in text
    assert "400.00 AUD owed" in text
    assert "7.00 NZD owed" in text
    assert "once it is used, 200.00 stays in the contact's favour." in text
    assert "3 documents, newest first." in text
    assert "INV-OTHER" not in text


def test_page_of_a_merged_contact_leads_to_the_one_that_is_left(
    client: Client, organisation: Organisation, payer: Contact
) -> None:
    left = document_builders.make_contact(organisation, name="Banksia Care Group")
    Contact.objects.filter(pk=payer.pk).update(status="ARCHIVED", merged_to_xero_id=left.xero_id)

    html = html_of(client, payer)

    assert "Archived" in page_reading.text_of(html)
    assert f'Merged in Xero into <a href="/contacts/{left.pk}/">Banksia Care Group</a>' in html
    Contact.objects.filter(pk=payer.pk).update(merged_to_xero_id=uuid.uuid4())
    assert "Merged in Xero" not in text_of(client, payer)


@pytest.mark.parametrize(
    ("status", "words"), [("GDPRREQUEST", "Erased on request"), ("NEW_WORD", "NEW_WORD")]
)
def test_page_says_other_statuses(client: Client, payer: Contact, status: str, words: str) -> None:
    Contact.objects.filter(pk=payer.pk).update(status=status)

    assert f"Banksia Aged Care Pty Ltd {words}" in text_of(client, payer)


def test_page_without_documents_says_so(client: Client, payer: Contact) -> None:
    assert "has no invoice or credit in Wattle Creek" in text_of(client, payer)
    assert "No documents" in text_of(client, payer, show="waiting")


def test_text_from_xero_is_shown_as_text(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    payer = document_builders.make_contact(organisation, name="<script>alert(1)</script>")
    mentions.make_billed(payer, "<b>L000123</b>", number="<i>1</i>")

    html = html_of(client, payer)

    for raw in ("<script>alert(1)", "<b>L000123", "<i>1"):
        assert raw not in html
    assert "&lt;b&gt;L000123&lt;/b&gt;" in html


def test_two_thousand_documents_are_paged_by_key_with_a_fixed_number_of_queries(
    client: Client,
    organisation: Organisation,
    learner: Learner,
    payer: Contact,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    Document.objects.bulk_create(
        document_builders.make_document(
            organisation,
            save=False,
            contact_xero_id=payer.xero_id,
            number=f"D-{n:04}",
            reference="L000123" if n % 400 == 7 else "",
            date=document_builders.TODAY - n * DAY,
        )
        for n in range(2000)
    )
    mentions.look_through(organisation)

    with django_assert_max_num_queries(24):
        first = html_of(client, payer)

    assert first.count('<th scope="row"') == 100
    assert "2,000 documents, newest first." in page_reading.text_of(first)
    assert "A document below names the number of a learner." in page_reading.text_of(first)
    assert "5 may name a learner and wait for an answer: show only these" in page_reading.text_of(
        first
    )
    assert "Older" in first
    edge = (document_builders.TODAY - 99 * DAY).isoformat()
    oldest_of_first = Document.objects.get(number="D-0099")
    second = html_of(client, payer, after=f"{edge}.{oldest_of_first.pk}")
    assert "D-0100" in second
    assert "D-0199" in second
    assert "D-0099" not in second
    assert "Newer" in second
    waiting = page_reading.text_of(html_of(client, payer, show="waiting"))
    assert "Documents below name the numbers of learners, 5 times in all." in waiting
    assert "D-1607" in waiting
    assert "D-0000" not in waiting


def test_answer_leads_back_to_the_documents_it_was_given_among(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    invoice = mentions.make_billed(payer, number="INV-1", reference="L000123")
    given = {"mention": f"{invoice.pk}-{learner.pk}", "answer": "yes"}
    address = reverse("contact_covers", args=[payer.pk])

    first = client.post(f"{address}?after=2026-11-21.5&next=//evil.example.com", given)
    second = client.post(f"{address}?show=waiting&after=2026-11-21.5", given)

    assert first["Location"] == f"/contacts/{payer.pk}/?after=2026-11-21.5"
    assert second["Location"] == f"/contacts/{payer.pk}/?show=waiting"


def test_one_invoice_that_names_hundreds_is_asked_about_in_parts(
    client: Client, portal: Portal, payer: Contact
) -> None:
    Learner.objects.bulk_create(
        Learner(portal=portal, number=f"N{n:06}", family_name="Many") for n in range(250)
    )
    mentions.make_billed(payer, " ".join(f"N{n:06}" for n in range(250)), number="INV-1")

    text = text_of(client, payer)

    assert "Documents below name the numbers of learners, 250 times in all." in text
    assert "Here are the first 200." in text
    assert "Yes to all 200 on this page" in text


def test_two_portals_on_one_organisation_see_their_own_learners_only(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    theirs = shared_organisation(organisation)
    their_payer = same_contact(payer, theirs)
    namesake = people.make_learner(theirs.portal, number="L000123", given_name="Theirs")
    ours = mentions.make_billed(payer, number="INV-1", reference="L000123")
    mirrored = mentions.make_billed(
        their_payer, number="INV-1", reference="L000123", xero_id=ours.xero_id
    )
    mentions.look_through(organisation)
    mentions.look_through(theirs)
    their_client = people.client_of(people.make_user(theirs.portal))

    client.post(
        reverse("contact_covers", args=[payer.pk]),
        {"mention": f"{ours.pk}-{learner.pk}", "answer": "yes"},
    )

    assert "INV-1 covers Mirra Example" in text_of(client, payer)
    assert "Theirs" not in text_of(client, payer)
    theirs_says = text_of(their_client, their_payer)
    assert "Mirra" not in theirs_says
    assert "INV-1 names L000123: does it cover Theirs" in theirs_says
    assert "Billed to others" not in page_reading.page_of(their_client, namesake)
    given = {"mention": f"{mirrored.pk}-{learner.pk}", "answer": "yes"}
    their_client.post(reverse("contact_covers", args=[their_payer.pk]), given)
    assert CoverDecision.objects.count() == 1


def test_contact_of_another_portals_learner_is_not_ours_to_see(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    theirs = shared_organisation(organisation)
    invoice = mentions.make_billed(payer, number="INV-1", reference="L000123")
    later = mentions.make_billed(payer, number="INV-2", reference="L000123")
    mentions.look_through(organisation)
    answers = reverse("learner_covers", args=[learner.pk])
    client.post(answers, {"mention": f"{invoice.pk}-{learner.pk}", "answer": "yes"})
    assert "INV-1" in page_reading.page_of(client, learner)

    document_builders.link(people.make_learner(theirs.portal), theirs, payer.xero_id)

    assert client.get(f"/contacts/{payer.pk}/").status_code == 404
    page = page_reading.page_of(client, learner)
    assert "INV-1" not in page
    assert "INV-2" not in page
    client.post(answers, {"mention": f"{later.pk}-{learner.pk}", "answer": "yes"})
    assert CoverDecision.objects.count() == 1
    document = client.get(reverse("document_detail", args=[invoice.pk])).content.decode()
    assert f"/contacts/{payer.pk}/" not in document
