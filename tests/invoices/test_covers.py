"""Documents billed to others: suggested, answered, shown outside the balance, taken back."""

import csv
import datetime
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connected_apps.models import Organisation
from invoices.models import Contact, CoverChange, CoverDecision, Document, Kind
from lrm.models import Learner, Portal
from tests.support import builders as people
from tests.support import document_builders, mentions, page_reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(organisation: Organisation) -> Contact:
    """An employer, which is no learner's contact."""
    return document_builders.make_contact(organisation, name="Banksia Aged Care Pty Ltd")


@pytest.fixture
def learner(portal: Portal) -> Learner:
    """The learner whom the employer's invoices name."""
    return people.make_learner(
        portal, number="L000123", given_name="Mirra", family_name="Example", email=""
    )


def said(client: Client, learner: Learner) -> str:
    """Return what the learner's page says."""
    return page_reading.text_of(page_reading.page_of(client, learner))


def contact_page(client: Client, contact: Contact, **query: str) -> str:
    """Return what the contact's page says."""
    response = client.get(reverse("contact", args=[contact.pk]), query)
    assert response.status_code == 200
    return page_reading.text_of(response.content.decode())


def answer(client: Client, where: Contact | Learner, says: str, *keys: str) -> str:
    """Press a button on one of the two pages and return what the next page says."""
    name = "contact_covers" if isinstance(where, Contact) else "learner_covers"
    given = {"mention": list(keys), "answer": says}
    response = client.post(reverse(name, args=[where.pk]), given, follow=True)
    assert response.status_code == 200
    return page_reading.text_of(response.content.decode())


def key(document: Document, learner: Learner) -> str:
    return f"{document.pk}-{learner.pk}"


def balance_of(text: str) -> str:
    """Return the figures of a page's balance."""
    return text.partition("Balance")[2].partition("Document Date")[0]


def test_invoice_that_names_a_learner_shows_outside_the_balance_once_a_person_says_yes(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    own = document_builders.make_linked(learner, organisation)
    document_builders.make_document(organisation, contact_xero_id=own, number="INV-OWN")
    invoice = mentions.make_billed(
        payer, "Certificate III, L000123 Mirra Example", number="INV-12", total="550"
    )
    other = people.make_learner(learner.portal, number="L000124")
    mentions.look_through(organisation)
    before = said(client, learner)
    assert "Does it cover Mirra Example?" in before
    assert "INV-12 of 20 Nov 2026 , 550.00 AUD, billed to Banksia Aged Care Pty Ltd" in before
    assert "In line 1: “Certificate III, L000123 Mirra Example”" in before

    after = answer(client, learner, "yes", key(invoice, learner))

    assert "Saved: INV-12 covers Mirra Example (L000123)." in after
    assert "Billed to others 1 document that covers Mirra Example, but somebody else owes" in after
    assert "outside this learner's balance" in after
    assert "Banksia Aged Care Pty Ltd Said by" in after
    assert "Does it cover" not in after
    assert balance_of(after) == balance_of(before)
    assert "110.00 AUD owed" in balance_of(after)
    assert "INV-12" not in said(client, other)


@pytest.mark.parametrize("where", ["contact", "learner"])
def test_no_is_kept_and_asked_no_more_until_it_is_taken_back(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact, where: str
) -> None:
    invoice = mentions.make_billed(payer, number="INV-12", reference="L000123")
    mentions.look_through(organisation)
    place = payer if where == "contact" else learner

    text = answer(client, place, "no", key(invoice, learner))

    assert "Saved: INV-12 does not cover Mirra Example (L000123)." in text
    assert "Billed to others" not in said(client, learner)
    assert "Does it cover" not in said(client, learner)
    assert "1 document that does not cover Mirra Example" in said(client, learner)
    assert "INV-12 does not cover Mirra Example (L000123)" in contact_page(client, payer)
    text = answer(client, place, "undo", key(invoice, learner))
    assert "Taken back: INV-12 and Mirra Example (L000123)." in text
    assert "Does it cover Mirra Example?" in said(client, learner)
    assert "INV-12 names L000123: does it cover Mirra Example" in contact_page(client, payer)


def test_all_that_a_page_suggests_is_accepted_at_once_with_who_and_when(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    second = people.make_learner(learner.portal, number="L000124", given_name="Sol")
    both = mentions.make_billed(payer, "L000123", "L000124", number="INV-1")
    alone = mentions.make_billed(payer, number="INV-2", reference="for L000124")
    neither = mentions.make_billed(payer, "Fee of L000999", number="INV-3")
    page = contact_page(client, payer)
    assert "Documents below name the numbers of learners, 3 times in all." in page
    assert "Yes to all 3 on this page" in page

    keys = [key(both, learner), key(both, second), key(alone, second)]
    text = answer(client, payer, "yes", *keys)

    assert "Saved: 3 times that a document covers the learner it names." in text
    assert "Whom do these documents cover?" not in text
    assert CoverDecision.objects.filter(is_covered=True).count() == 3
    assert not CoverDecision.objects.filter(document_xero_id=neither.xero_id).exists()
    changes = CoverChange.objects.values_list("act", "by_name")
    assert [*changes] == [("ACCEPTED", str(payer.organisation.portal.users.get()))] * 3
    assert "INV-1" in said(client, learner)
    assert "INV-2" not in said(client, learner)
    assert "INV-2" in said(client, second)


def test_suggestion_vanishes_with_the_words_and_an_accepted_one_stays(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    taken = mentions.make_billed(payer, number="INV-1", reference="L000123")
    open_one = mentions.make_billed(payer, number="INV-2", reference="L000123")
    mentions.look_through(organisation)
    answer(client, learner, "yes", key(taken, learner))

    Document.objects.update(reference="L000124")

    assert "INV-2" not in said(client, learner)
    assert "INV-1" in said(client, learner)
    assert "names L000123" not in contact_page(client, payer)
    text = answer(client, learner, "yes", key(open_one, learner))
    assert "Nothing was changed: it was answered already, or has changed in Xero" in text
    text = answer(client, learner, "undo", key(taken, learner))
    assert "Taken back" in text
    assert "Billed to others" not in text


def test_answer_outlives_the_row_of_its_document(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    invoice = mentions.make_billed(payer, number="INV-1", reference="L000123")
    answer(client, payer, "yes", key(invoice, learner))

    xero_id = invoice.xero_id
    invoice.delete()
    assert "INV-1" not in said(client, learner)
    mentions.make_billed(payer, number="INV-1", reference="", xero_id=xero_id)

    assert "INV-1" in said(client, learner)


@pytest.mark.parametrize("status", ["VOIDED", "DELETED"])
def test_cancelled_document_is_not_suggested_and_stays_struck_through_where_accepted(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact, status: str
) -> None:
    taken = mentions.make_billed(payer, number="INV-1", reference="L000123")
    mentions.make_billed(payer, number="INV-2", reference="L000123")
    answer(client, payer, "yes", key(taken, learner))
    mentions.look_through(organisation)
    assert "INV-2" in said(client, learner)

    Document.objects.update(status=status)

    html = page_reading.page_of(client, learner)
    assert "INV-2" not in html
    assert "names L000123" not in contact_page(client, payer)
    assert 'class="document-row is-cancelled"' in html


def test_nothing_is_suggested_where_the_contact_is_a_learner(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    invoice = mentions.make_billed(payer, number="INV-1", reference="L000123, L000124")
    other = people.make_learner(learner.portal, number="L000124")
    mentions.look_through(organisation)
    answer(client, payer, "yes", key(invoice, learner))

    document_builders.link(learner, organisation, payer.xero_id)

    page = said(client, learner)
    assert page.count("View Invoice") == 1
    assert "Billed to others" not in page
    assert "Does it cover" not in said(client, other)
    text = contact_page(client, payer)
    assert "Whom do these documents cover?" not in text
    assert "Every document of this contact shows on the page of this learner" in text
    assert "Nothing was changed" in answer(client, other, "yes", key(invoice, other))


def test_forged_answers_change_nothing(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    naming = mentions.make_billed(payer, number="INV-1", reference="L000123")
    silent = mentions.make_billed(payer, number="INV-2", reference="nobody")
    elsewhere = people.make_portal("Other")
    namesake = people.make_learner(elsewhere, number="L000123")
    theirs = document_builders.make_organisation(elsewhere)
    their_payer = document_builders.make_contact(theirs)
    foreign = mentions.make_billed(their_payer, reference="L000123")
    other = people.make_learner(learner.portal, number="L000124")

    for forged in (
        key(naming, namesake),
        key(naming, other),
        key(silent, learner),
        key(foreign, learner),
        key(foreign, namesake),
        "999999999-999999999",
    ):
        assert "Nothing was changed" in answer(client, payer, "yes", forged)
        assert "Nothing was changed" in answer(client, learner, "yes", forged)
    assert "Nothing was changed" in answer(client, other, "yes", key(naming, learner))

    assert not CoverDecision.objects.exists()
    assert not CoverChange.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"answer": "yes"},
        {"mention": "1-1"},
        {"answer": "maybe", "mention": "1-1"},
        {"answer": "yes", "mention": "1"},
        {"answer": "yes", "mention": "1-1; DROP"},
        {"answer": "yes", "mention": "9" * 30 + "-1"},
        {"answer": "yes", "mention": ["1-1"] * 201},
    ],
)
def test_nonsense_is_answered_400(
    client: Client, organisation: Organisation, payer: Contact, given: dict[str, Any]
) -> None:
    assert client.post(reverse("contact_covers", args=[payer.pk]), given).status_code == 400


def test_first_answer_stands_where_two_people_answer_at_once(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    invoice = mentions.make_billed(payer, number="INV-1", reference="L000123")
    answer(client, payer, "no", key(invoice, learner))

    text = answer(client, payer, "yes", key(invoice, learner))

    assert "Nothing was changed" in text
    assert not CoverDecision.objects.get().is_covered


def test_learner_without_documents_of_their_own_sees_what_others_owe(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    invoice = mentions.make_billed(payer, number="INV-1", reference="L000123")

    answer(client, payer, "yes", key(invoice, learner))

    text = said(client, learner)
    assert "No Xero contact yet" in text
    assert "Billed to others" in text
    document_builders.make_linked(learner, organisation)
    text = said(client, learner)
    assert "No documents yet" in text
    assert "INV-1" in text


def test_live_page_shows_an_accepted_document_and_its_changes(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    own = document_builders.make_linked(learner, organisation)
    document_builders.make_document(organisation, contact_xero_id=own, number="INV-OWN")
    invoice = mentions.make_billed(payer, number="INV-1", reference="L000123")

    def next_answer(html: str) -> str:
        address = page_reading.live_address(html)
        assert client.get(address).status_code in {200, 204}
        response = client.get(address)
        assert response.status_code == 200
        return response.content.decode()

    html = page_reading.page_of(client, learner)
    assert client.get(page_reading.live_address(html)).status_code == 204
    mentions.look_through(organisation)
    html = next_answer(html)
    assert "Does it cover Mirra Example?" in html
    assert client.get(page_reading.live_address(html)).status_code == 204

    answer(client, payer, "yes", key(invoice, learner))
    html = next_answer(html)
    assert "Billed to others" in html
    assert client.get(page_reading.live_address(html)).status_code == 204

    invoice.status, invoice.amount_due = "PAID", 0
    invoice.synced_at = document_builders.NOW + datetime.timedelta(seconds=5)
    invoice.save()
    html = next_answer(html)
    assert html.count("is-changed") == 1
    assert "Changed: INV-1: Paid." in html
    assert client.get(page_reading.live_address(html)).status_code == 204

    Document.objects.filter(pk=invoice.pk).update(contact_name="Banksia Care Group")
    html = next_answer(html)
    assert "Banksia Care Group" in html

    answer(client, payer, "undo", key(invoice, learner))
    html = next_answer(html)
    assert "Billed to others" not in html
    document_builders.link(people.make_learner(learner.portal), organisation, payer.xero_id)
    assert "Does it cover" not in next_answer(html)


def test_report_and_its_totals_know_nothing_of_what_covers_whom(
    organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    accounts = people.client_of(people.make_user(learner.portal, accounts=True))
    invoice = mentions.make_billed(payer, number="INV-1", reference="L000123")
    address = "/reports/0442/?date_from=&date_to="
    csv_address = "/reports/0442.csv?date_from=&date_to="

    def report() -> tuple[str, list[dict[str, str]]]:
        """Return page and lines, without the moment at which they were asked for."""
        page = accounts.get(address).content.decode().partition("<main")[2]
        lines = list(csv.DictReader(io.StringIO(accounts.get(csv_address).getvalue().decode())))
        assert lines
        assert all(line.pop("As of") for line in lines)
        return re.sub(r"\d+:\d\d [ap]m", "", page), lines

    before = report()
    answer(accounts, payer, "yes", key(invoice, learner))
    accounts.get("/")  # Its message is read here.

    assert report() == before
    assert f'href="/contacts/{payer.pk}/">Banksia Aged Care Pty Ltd</a>' in before[0]


def test_document_page_says_whom_it_covers_and_leads_to_the_payer(
    client: Client, organisation: Organisation, learner: Learner, payer: Contact
) -> None:
    credit = mentions.make_billed(payer, "L000123", kind=Kind.CREDIT_NOTE, number="CN-1")
    answer(client, payer, "yes", key(credit, learner))

    html = client.get(reverse("document_detail", args=[credit.pk])).content.decode()

    text = page_reading.text_of(html)
    assert "Covers Mirra Example (L000123) outside the learner's balance" in text
    assert f'href="/contacts/{payer.pk}/">Banksia Aged Care Pty Ltd</a>' in html
