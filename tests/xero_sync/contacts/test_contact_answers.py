"""Who may say whether a contact in Xero is a learner, and what is kept of it."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from connected_apps.models import Organisation
from invoices.models import Contact, ContactDecision, ContactLink, ContactLinkChange
from lrm.models import Learner, LrmRole, Portal, User
from tests.support import builders, document_builders
from tests.support.contact_desk import CONTACTS
from tests.support.contact_pages import save
from tests.support.linked import let_learners_go
from xero_sync.models import ContactPush, PushState


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    made = document_builders.make_organisation(portal)
    let_learners_go(made)
    return made


@pytest.fixture
def theirs(organisation: Organisation) -> Contact:
    """A contact with the learner's number, and nothing else of it."""
    contact = document_builders.make_contact(organisation, name="Ravi Ito", number="L1")
    document_builders.make_document(
        organisation, number="INV-77", contact_xero_id=contact.xero_id, contact_name="Ravi Ito"
    )
    return contact


@pytest.fixture
def learner(portal: Portal) -> Learner:
    return builders.make_learner(portal, number="L1", given_name="Mei", family_name="Kelly")


@pytest.fixture
def staff(portal: Portal) -> User:
    return builders.make_user(portal, first_name="Sam", last_name="Banksia")


def address(learner: Learner, contact_id: Any) -> str:
    return f"/learners/{learner.pk}/xero-contact/{contact_id}/"


def page_of(user: User, learner: Learner, tab: str = "xero-invoices/") -> str:
    answer = builders.client_of(user).get(f"/learners/{learner.pk}/{tab}")
    return re.sub(r"\s+", " ", answer.content.decode())


def test_question_shows_the_contact_as_xero_has_it_on_both_tabs(
    learner: Learner, theirs: Contact, staff: User
) -> None:
    for tab in ("", "xero-invoices/"):
        page = page_of(staff, learner, tab)
        assert "Is this Mei Kelly?" in page
        assert "<dd>Ravi Ito</dd>" in page
        assert "<dd>L1</dd>" in page
        assert "INV-77" not in page


def test_yes_links_shows_and_is_kept_with_who_and_when(
    learner: Learner, theirs: Contact, staff: User
) -> None:
    answer = builders.client_of(staff).post(address(learner, theirs.xero_id), {"answer": "yes"})

    assert answer["Location"] == f"/learners/{learner.pk}/xero-invoices/"
    assert ContactLink.objects.get().source == "PERSON"
    decision = ContactDecision.objects.get()
    assert (decision.is_same_person, decision.by, decision.by_name) == (True, staff, "Sam Banksia")
    change = ContactLinkChange.objects.get()
    assert (change.change, change.by, change.at) == ("MADE", staff, decision.at)
    page = page_of(staff, learner)
    assert "INV-77" in page
    assert "Is this" not in page
    assert "Contact in Xero<br>" in page_of(staff, learner, "")


def test_no_shows_nothing_and_is_not_asked_again(
    learner: Learner, theirs: Contact, staff: User
) -> None:
    builders.client_of(staff).post(address(learner, theirs.xero_id), {"answer": "no"})

    assert not ContactLink.objects.exists()
    assert not ContactDecision.objects.get().is_same_person
    change = ContactLinkChange.objects.get()
    assert (change.change, change.by_name) == ("REJECTED", "Sam Banksia")
    page = page_of(staff, learner)
    assert "Is this" not in page
    assert "INV-77" not in page


def test_second_answer_changes_nothing(learner: Learner, theirs: Contact, staff: User) -> None:
    builders.client_of(staff).post(address(learner, theirs.xero_id), {"answer": "no"})

    answer = builders.client_of(staff).post(
        address(learner, theirs.xero_id), {"answer": "yes"}, follow=True
    )

    assert "Nothing was changed" in answer.content.decode()
    assert not ContactLink.objects.exists()


def test_contact_that_nobody_asks_about_cannot_be_taken(
    learner: Learner, organisation: Organisation, staff: User
) -> None:
    other = document_builders.make_contact(organisation, name="Ravi Ito", number="L7")

    for contact_id in (other.xero_id, uuid4()):
        builders.client_of(staff).post(address(learner, contact_id), {"answer": "yes"})

    assert not ContactLink.objects.exists()
    assert not ContactDecision.objects.exists()


def test_another_learners_contact_cannot_be_taken(
    learner: Learner, theirs: Contact, organisation: Organisation, staff: User, portal: Portal
) -> None:
    ravi = builders.make_learner(portal, given_name="Ravi", family_name="Ito")
    document_builders.link(ravi, organisation, theirs.xero_id)
    ContactLink.objects.update(source="PUSHED")

    builders.client_of(staff).post(address(learner, theirs.xero_id), {"answer": "yes"})

    assert ContactLink.objects.get().learner == ravi
    assert "Is this" not in page_of(staff, learner)


@pytest.mark.parametrize("says", ["", "maybe", "YES"])
def test_answer_that_is_none_is_refused(
    learner: Learner, theirs: Contact, staff: User, says: str
) -> None:
    answer = builders.client_of(staff).post(address(learner, theirs.xero_id), {"answer": says})

    assert answer.status_code == 400
    assert not ContactDecision.objects.exists()


def test_only_people_of_the_portal_with_an_lrm_role_may_answer(
    learner: Learner, theirs: Contact, staff: User, portal: Portal
) -> None:
    people: dict[str, User | None] = {
        "stranger": builders.make_user(builders.make_portal("Saltbush"), portal_admin=True),
        "colleague": builders.make_user(portal, portal_admin=True, role=LrmRole.NONE),
        "anonymous": None,
    }

    seen = {
        who: builders.client_of(person)
        .post(address(learner, theirs.xero_id), {"answer": "yes"})
        .status_code
        for who, person in people.items()
    }

    assert seen == {"stranger": 404, "colleague": 403, "anonymous": 302}
    assert not ContactDecision.objects.exists()
    assert builders.client_of(staff).get(address(learner, theirs.xero_id)).status_code == 405
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(staff)
    assert forger.post(address(learner, theirs.xero_id), {"answer": "yes"}).status_code == 403


def test_answer_is_not_found_where_nothing_is_connected(learner: Learner, staff: User) -> None:
    answer = builders.client_of(staff).post(address(learner, uuid4()), {"answer": "yes"})

    assert answer.status_code == 404


def test_card_asks_again_while_a_push_is_under_way_and_then_not(
    learner: Learner, organisation: Organisation, staff: User
) -> None:
    learner.portal.learners.update(sync_to_xero=True)
    push = ContactPush.objects.create(
        learner=learner, requested_at=document_builders.NOW, state=PushState.SENT
    )
    part = f"/learners/{learner.pk}/xero-contact/"
    client = builders.client_of(staff)
    asks = re.search(rf'hx-get="({part}\?seen=\w+)"', page_of(staff, learner))
    assert asks
    assert client.get(asks[1]).status_code == 204

    push.state = PushState.DONE
    push.save()

    assert "hx-get" not in client.get(asks[1]).content.decode()
    assert f'hx-get="{part}' not in page_of(staff, learner)


def test_refusal_of_xero_is_told_with_its_words(
    learner: Learner, organisation: Organisation, staff: User
) -> None:
    learner.portal.learners.update(sync_to_xero=True)
    ContactPush.objects.create(
        learner=learner,
        requested_at=document_builders.NOW,
        state=PushState.REFUSED,
        problem="Email address must be valid.",
    )

    page = page_of(staff, learner)

    assert "<span>Refused by Xero</span>" in page
    assert "Email address must be valid. Nothing of this learner was changed in Xero." in page
    assert f'href="/learners/{learner.pk}/edit/"' in page


def test_answer_given_to_another_person_than_was_shown_changes_nothing(
    learner: Learner, theirs: Contact, staff: User
) -> None:
    """The page was opened in the morning; by the afternoon the contact is somebody else's."""
    shown = re.search(r'name="about" value="(\w+)"', page_of(staff, learner))
    assert shown
    Contact.objects.update(name="Wren Ito")

    answer = builders.client_of(staff).post(
        address(learner, theirs.xero_id), {"answer": "yes", "about": shown[1]}, follow=True
    )

    assert "has changed since the page was opened" in re.sub(r"\s+", " ", answer.content.decode())
    assert not ContactDecision.objects.exists()
    assert not ContactLink.objects.exists()


@pytest.mark.parametrize("many", [False, True])
def test_answer_on_the_contacts_page_is_good_for_what_was_seen(
    learner: Learner, theirs: Contact, organisation: Organisation, *, many: bool
) -> None:
    save(builders.make_user(learner.portal), learner)
    admin = builders.client_of(builders.make_user(learner.portal, portal_admin=True))
    fields = hidden_fields(admin)
    key = f"{learner.pk}.{theirs.xero_id}"
    chosen = {"act": "accept", "key": [key]} if many else {"only": f"accept {key}"}
    Contact.objects.update(name="Wren Ito")

    stale = admin.post(f"{CONTACTS}act/", {**fields, **chosen}, follow=True)

    assert "has changed since the page was opened" in stale.content.decode()
    assert not ContactLink.objects.exists()

    admin.post(f"{CONTACTS}act/", {**hidden_fields(admin), **chosen})

    assert ContactLink.objects.get().source == "PERSON"


def hidden_fields(client: Client) -> dict[str, Any]:
    """Return what the form on the tab of questions sends besides its buttons."""
    html = client.get(CONTACTS, {"tab": "questions"}).content.decode()
    fields = re.findall(r'<input type="hidden" name="(seen|tab)" value="([^"]*)"', html)
    assert dict(fields).keys() == {"seen", "tab"}
    return dict(fields)
