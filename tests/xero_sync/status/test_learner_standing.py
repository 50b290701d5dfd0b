"""How a learner stands with Xero, in the words of the card above the tabs."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from connected_apps.models import Connection, Organisation
from invoices.models import Contact, ContactLink
from lrm.models import Learner, Portal, User
from tests.support import builders, document_builders
from tests.support.linked import clock, let_learners_go
from xero_sync.contacts import learner_outlook
from xero_sync.models import ContactPush, PushStart, PushState


@pytest.fixture
def manager(portal: Portal) -> User:
    return builders.make_user(
        portal, portal_admin=True, first_name="Alex", last_name="Ironbark", username="alex"
    )


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    organisation = document_builders.make_organisation(portal)
    let_learners_go(organisation)
    return organisation


@pytest.fixture
def learner(portal: Portal) -> Learner:
    return builders.make_learner(
        portal, number="L1", given_name="Mei", family_name="Kelly", sync_to_xero=True
    )


def card(user: User, learner: Learner) -> str:
    """Return what the card says, in words."""
    html = builders.client_of(user).get(f"/learners/{learner.pk}/").content.decode()
    start = html.find('id="xero-contact"')
    if start < 0:
        return ""
    found = html[start : html.index("</section>", start)].partition(">")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found)).replace(" .", ".").strip()


def link(learner: Learner, organisation: Organisation, name: str, **values: Any) -> Contact:
    contact = document_builders.make_contact(organisation, name=name)
    Contact.objects.filter(pk=contact.pk).update(**values)
    document_builders.link(learner, organisation, contact.xero_id)
    return contact


def push(learner: Learner, state: PushState, **values: Any) -> None:
    ContactPush.objects.create(
        learner=learner, requested_at=document_builders.NOW, state=state, **values
    )


def test_nothing_is_promised_before_xero_is_connected(learner: Learner, manager: User) -> None:
    said = card(manager, learner)

    assert "Xero is not connected. This learner is sent once it is." in said
    assert "Alex Ironbark can connect it on Connected Apps." in said
    page = builders.client_of(manager).get(f"/learners/{learner.pk}/").content.decode()
    assert "within seconds" not in page
    form = builders.client_of(manager).get(f"/learners/{learner.pk}/edit/").content.decode()
    assert "within seconds" not in form


def test_unticked_learner_without_xero_has_no_card(learner: Learner, manager: User) -> None:
    learner.portal.learners.update(sync_to_xero=False)

    assert card(manager, learner) == ""


def test_contact_is_told_by_its_name_in_xero_and_since_when(
    learner: Learner, organisation: Organisation, manager: User
) -> None:
    push(learner, PushState.DONE)
    link(learner, organisation, "Kelly, Mei Lin")

    assert f"In Xero As Kelly, Mei Lin in {organisation}, since " in card(manager, learner)


def test_several_contacts_are_told_the_active_one_first(
    learner: Learner, organisation: Organisation, manager: User
) -> None:
    push(learner, PushState.DONE)
    link(learner, organisation, "Old Mei", status="ARCHIVED")
    link(learner, organisation, "New Mei")
    link(learner, organisation, "Third Mei")

    said = card(manager, learner)

    assert f"As New Mei in {organisation}, since" in said
    assert "Linked with several contacts: the documents of Third Mei and Old Mei show here" in said


def test_contacts_lead_to_their_pages(
    learner: Learner, organisation: Organisation, manager: User
) -> None:
    push(learner, PushState.DONE)
    contacts = [link(learner, organisation, name) for name in ("Mei K.", "Wattle Builders")]

    client = builders.client_of(manager)
    page = client.get(f"/learners/{learner.pk}/").content.decode()

    for contact in contacts:
        assert f'<a href="/contacts/{contact.pk}/">{contact.name}</a>' in page
        assert client.get(f"/contacts/{contact.pk}/").status_code == 200


def test_archived_contact_is_told_with_what_to_do(
    learner: Learner, organisation: Organisation, manager: User
) -> None:
    push(learner, PushState.DONE)
    link(learner, organisation, "Mei Kelly", status="ARCHIVED")

    said = card(manager, learner)

    assert "Archived in Xero The contact Mei Kelly is archived in" in said
    assert "before somebody restores it in Xero." in said


@pytest.mark.parametrize(
    ("state", "values", "words"),
    [
        (PushState.PENDING, {}, "Waiting On the way to {}."),
        (
            PushState.PENDING,
            {"problem": "Xero is not answering at the moment", "not_before": timedelta(minutes=2)},
            "Waiting On the way to {}. Xero is not answering at the moment. Next try ",
        ),
        (
            PushState.QUESTION,
            {},
            "Waiting for an answer What was asked has changed in {} meanwhile. Sync now asks anew.",
        ),
        (
            PushState.REFUSED,
            {"problem": "Email address must be valid"},
            "Refused by Xero Email address must be valid. Nothing of this learner was changed in "
            "Xero. Edit the learner ; saving sends it again, and so does Sync now. Everybody who "
            "works with learners can do that.",
        ),
        (PushState.DONE, {}, "Not sent yet This learner was not sent to {} yet."),
    ],
)
def test_push_is_told_in_words(
    learner: Learner,
    organisation: Organisation,
    manager: User,
    state: PushState,
    values: dict[str, Any],
    words: str,
) -> None:
    if "not_before" in values:
        values = {**values, "not_before": clock() + values["not_before"]}
    push(learner, state, **values)

    assert words.format(organisation) in card(manager, learner)


def test_used_up_day_says_when_it_goes_on(
    learner: Learner, organisation: Organisation, manager: User
) -> None:
    push(learner, PushState.PENDING)
    Connection.objects.update(state="PAUSED", paused_until=clock() + timedelta(days=1))

    said = card(manager, learner)

    assert "Today's calls to Xero are used up. It goes on by itself tomorrow at " in said.replace(
        "&#x27;", "'"
    )
    assert "Sync now" not in said


@pytest.mark.parametrize("state", ["NEEDS_RECONNECTING", "DISCONNECTED_IN_XERO"])
def test_broken_connection_names_who_can_mend_it(
    learner: Learner, organisation: Organisation, manager: User, state: str
) -> None:
    push(learner, PushState.REFUSED, problem="Something old")
    Connection.objects.update(state=state)

    said = card(manager, learner)

    assert "Xero needs reconnecting. Changes made here are sent after that." in said
    assert "Alex Ironbark can reconnect it on Connected Apps." in said
    assert "Something old" not in said


def test_unticked_learner_with_a_contact_is_told_that_nothing_is_sent(
    learner: Learner, organisation: Organisation, manager: User
) -> None:
    learner.portal.learners.update(sync_to_xero=False)
    link(learner, organisation, "Mei K.")

    said = card(manager, learner)

    assert "Not ticked Sync to Xero is not ticked, so changes made here are not sent." in said
    assert f"The documents of Mei K. in {organisation} show here." in said
    assert "Sync now" not in said


def test_name_in_xero_is_shown_as_text(
    learner: Learner, organisation: Organisation, manager: User
) -> None:
    push(learner, PushState.DONE)
    link(learner, organisation, "<script>alert(1)</script>")

    page = builders.client_of(manager).get(f"/learners/{learner.pk}/").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page


def test_standing_costs_three_queries(learner: Learner, organisation: Organisation) -> None:
    push(learner, PushState.DONE)
    for number in range(5):
        link(learner, organisation, f"Mei {number}")
    assert ContactLink.objects.count() == 5

    with CaptureQueriesContext(database) as captured:
        outlook = learner_outlook.outlook_of(learner)
        assert outlook.token
        assert outlook.standing.value == "In Xero"

    assert len(captured) == 3


@pytest.mark.parametrize("state", [PushState.PENDING, PushState.QUESTION, PushState.REFUSED])
def test_before_the_start_nothing_is_promised_and_nobody_asks_again_and_again(
    learner: Learner, organisation: Organisation, manager: User, state: PushState
) -> None:
    PushStart.objects.all().delete()
    push(learner, state)

    said = card(manager, learner)

    assert (
        "Not started Waiting: Alex Ironbark has not started sending learners to Xero yet." in said
    )
    page = builders.client_of(manager).get(f"/learners/{learner.pk}/").content.decode()
    assert not re.search("[Oo]n (the|its) way|within seconds|sends it|are sent to this", page)
    assert "every 2s" not in page


def test_before_the_start_the_documents_of_a_linked_contact_are_told(
    learner: Learner, organisation: Organisation, manager: User
) -> None:
    PushStart.objects.all().delete()
    contact = link(learner, organisation, "Mei K.")

    assert f"The documents of Mei K. in {organisation} show here." in card(manager, learner)
    page = builders.client_of(manager).get(f"/learners/{learner.pk}/").content.decode()
    assert f'href="/contacts/{contact.pk}/"' in page
