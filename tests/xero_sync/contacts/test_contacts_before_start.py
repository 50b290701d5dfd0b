"""The contacts page before anybody lets learners be sent, and how it hangs together with others."""

import re

import pytest

from invoices.models import Contact, ContactLinkChange
from lrm.models import LearnerChange, LrmRole
from tests.support import builders, page_reading
from tests.support.contact_desk import CONTACTS, Desk
from tests.support.linked import Linked, let_learners_go
from tests.support.staff import make_by_hand, merge, raise_invoice
from xero_sync.models import ContactPush

START, WHICH = f"{CONTACTS}start/", f"{CONTACTS}which/"


@pytest.fixture
def desk(unstarted: Linked) -> Desk:
    unstarted.world.do("webhooks", enabled=False)
    unstarted.sweep()
    return Desk(unstarted)


def test_nobody_is_said_to_be_on_the_way_and_nobody_is_sent_again(desk: Desk) -> None:
    learner = desk.save(ticked=True)
    before = ContactPush.objects.values_list("version", flat=True).get()

    words, page = desk.words("without-contact"), desk.page("without-contact")

    # Who may start it does not wait for themselves.
    assert "Learners are not sent to Xero yet. Questions can be answered" in words
    assert "has not started sending" not in words.partition("Questions can be answered")[0]
    assert f'href="{START}"' in page
    assert not re.search("[Oo]n (its|the) way|Send again|sends it", words)
    said = desk.post("act/", {"tab": "without-contact", "only": f"retry {learner.pk}."})
    assert "has not started sending learners to Xero yet." in said
    assert "on the way" not in said
    assert ContactPush.objects.values_list("version", flat=True).get() == before
    assert not LearnerChange.objects.filter(fields__contains=["sent to Xero again"]).exists()

    let_learners_go(desk.linked.organisation)

    assert "On its way to Xero." in desk.words("without-contact")
    assert "has not started" not in desk.words("without-contact")


def test_pages_about_sending_hang_together(desk: Desk) -> None:
    assert f'href="{WHICH}"' in desk.page("linked")
    for page in (START, WHICH):
        html = desk.client.get(page).content.decode()
        crumbs = html[html.index('class="crumbs"') :].partition("</ol>")[0]
        assert f'<a href="{CONTACTS}">Contacts in Xero</a>' in crumbs
    onlooker = builders.make_user(desk.linked.portal, portal_admin=True, role=LrmRole.NONE)
    page = builders.client_of(onlooker).get(CONTACTS, {"tab": "linked"}).content.decode()
    assert "Contacts in Xero" in page
    assert START not in page
    assert WHICH not in page


def test_pages_of_a_contact_and_a_document_lead_there_where_one_may_go(desk: Desk) -> None:
    made = make_by_hand(desk.linked, name="Wattle & Sons")
    raise_invoice(desk.linked, made)
    desk.linked.sweep()
    contact = Contact.objects.get(xero_id=made)
    document = desk.linked.organisation.documents.get(contact_xero_id=made)
    pages = f"/contacts/{contact.pk}/", f"/documents/{document.pk}/"
    to_it = f"{CONTACTS}?tab=no-learner&amp;q=Wattle%20%26%20Sons"

    for page in pages:
        assert f'href="{to_it}"' in desk.client.get(page).content.decode()
    of_contact = desk.client.get(pages[0]).content.decode()
    assert f'<a href="{CONTACTS}">Contacts in Xero</a>' in of_contact
    answer = desk.client.get(to_it.replace("&amp;", "&"))
    assert "Wattle &amp; Sons" in answer.content.decode()

    colleague = builders.client_of(builders.make_user(desk.linked.portal))
    for page in pages:
        html = colleague.get(page).content.decode()
        assert "No learner is linked to this contact" in html
        assert CONTACTS not in html


def test_link_by_a_merge_says_so_also_without_its_history(desk: Desk) -> None:
    loser = make_by_hand(
        desk.linked, name="Imogen Made-Up", number="L900001", email="imogen@example.com"
    )
    desk.linked.sweep()
    desk.save(ticked=False)
    merge(desk.linked, loser, make_by_hand(desk.linked, name="Wattle Builders"))
    desk.linked.sweep()
    assert "Xero merged a contact of this learner into this one" in desk.words("linked")

    ContactLinkChange.objects.all().delete()

    words = page_reading.text_of(desk.page("linked", q="Wattle"))
    assert "Merged in Xero: a contact of this learner became this one" in words
    assert "A person said" not in words
