"""*Sync now* on a learner's page: what it brings from Xero, what it sends, and who may press it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from connected_apps.models import Connection
from invoices.models import Contact
from lrm.models import Learner, LrmRole, User
from tests.support import builders, faults, page_reading
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked, clock, neighbour_of
from tests.support.staff import bill
from xero_sync import tasks
from xero_sync.jobs import leases
from xero_sync.models import ContactPush, LearnerRefresh, PushState

CLICKED = {"HX-Request": "true"}
KINDS = ("invoices", "creditnotes", "overpayments", "prepayments")


def address(learner: Learner) -> str:
    return f"/learners/{learner.pk}/xero-contact/sync/"


def press(linked: Linked, learner: Learner, **headers: str) -> Any:
    """Press the button, which must be on the page; a minute after the last time."""
    LearnerRefresh.objects.exclude(finished_at=None).update(
        requested_at=clock() - timedelta(minutes=1)
    )
    client = builders.client_of(linked.manager)
    assert f'action="{address(learner)}"' in page_of(client, learner)
    return client.post(address(learner), headers=headers or None)


def page_of(client: Client, learner: Learner, tab: str = "xero-invoices/") -> str:
    answer = client.get(f"/learners/{learner.pk}/{tab}")
    assert answer.status_code == 200
    return answer.content.decode()


def said(linked: Linked, learner: Learner, tab: str = "xero-invoices/") -> str:
    """Return what the learner's page says, in words."""
    html = page_of(builders.client_of(linked.manager), learner, tab).partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def learner(linked: Linked) -> Learner:
    """A learner who is in Xero; webhooks bring nothing, and no sweep comes."""
    linked.world.do("webhooks", enabled=False)
    learner = save(linked)
    linked.push()
    return learner


def test_it_brings_the_invoice_that_nothing_announced(linked: Linked, learner: Learner) -> None:
    invoice = bill(linked, learner)
    assert invoice not in said(linked, learner)

    press(linked, learner)
    assert "Reading the contact and its documents" in said(linked, learner)
    linked.refresh()

    shown = said(linked, learner)
    assert invoice in shown
    assert re.search(r"Refreshed today at \d+:\d\d [ap]m : 1 document, 1 new\.", shown)


def test_every_kind_is_read_and_counted(linked: Linked, learner: Learner) -> None:
    bill(linked, learner)
    before = {kind: linked.world.calls(f"2.0/{kind}") for kind in KINDS}

    press(linked, learner)
    linked.refresh()
    press(linked, learner)
    linked.refresh()

    assert {
        kind: linked.world.calls(f"2.0/{kind}") - before[kind] for kind in KINDS
    } == dict.fromkeys(KINDS, 2)
    assert "1 document, nothing new." in said(linked, learner)


def test_it_shows_the_name_that_the_contact_has_in_xero(linked: Linked, learner: Learner) -> None:
    (contact,) = contacts_numbered(linked, learner.number)
    linked.world.do(
        "contacts",
        tenant=linked.tenant,
        act="update",
        id=contact["contact_id"],
        name="Imogen Maiden-Name",
    )

    press(linked, learner)
    linked.refresh()

    for tab in ("", "xero-invoices/"):
        assert re.search(
            r"In Xero As Imogen Maiden-Name in .*, since today, \d+:\d\d [ap]m \.",
            said(linked, learner, tab),
        )


def test_two_clicks_are_one_reading_and_a_third_is_too_soon(
    linked: Linked, learner: Learner
) -> None:
    client = builders.client_of(linked.manager)
    before = linked.world.calls("2.0/invoices")

    first, second = (client.post(address(learner), follow=True) for _ in range(2))
    linked.refresh()
    third = client.post(address(learner), follow=True)
    linked.refresh()

    assert "Reading from Xero. The result shows here" in first.content.decode()
    assert "This learner is being read already." in second.content.decode()
    assert "This learner was read a moment ago." in third.content.decode()
    assert linked.world.calls("2.0/invoices") - before == 1


def test_open_page_gets_the_card_and_asks_until_the_result_is_there(
    linked: Linked, learner: Learner
) -> None:
    started = press(linked, learner, **CLICKED).content.decode()
    asks = re.search(r'hx-get="([^"]+)" hx-trigger="every 2s"', started)
    assert asks
    client = builders.client_of(linked.manager)
    assert client.get(asks[1]).status_code == 204

    linked.refresh()

    ended = client.get(asks[1]).content.decode()
    assert "hx-trigger" not in ended
    heard = ended.partition('id="xero-contact-said"')[2]
    assert "In Xero. Refreshed today at" in page_reading.text_of(heard)


def test_it_sends_what_xero_refused_before(linked: Linked) -> None:
    linked.world.do("webhooks", enabled=False)
    learner = save(linked)
    ContactPush.objects.update(state=PushState.REFUSED, problem="Email address must be valid.")
    refused = said(linked, learner)
    assert "Refused by Xero Email address must be valid." in refused
    assert "saving sends it again, and so does Sync now" in refused

    press(linked, learner)
    linked.push()
    linked.refresh()

    assert len(contacts_numbered(linked, learner.number)) == 1
    assert "In Xero As" in said(linked, learner)


def test_learner_that_was_never_sent_goes_too(linked: Linked) -> None:
    """As after an import: ticked, and no push was ever asked for."""
    learner = builders.make_learner(linked.portal, sync_to_xero=True)
    assert "Not sent yet" in said(linked, learner)

    press(linked, learner)
    # It comes before the push, and waits for it.
    LearnerRefresh.objects.update(not_before=None)
    tasks.refresh_learner(LearnerRefresh.objects.get().pk)
    assert LearnerRefresh.objects.get().finished_at is None
    linked.push()
    LearnerRefresh.objects.update(not_before=None)
    linked.refresh()

    assert len(contacts_numbered(linked, learner.number)) == 1
    assert "no documents." in said(linked, learner)


def test_question_that_is_asked_stays_and_one_that_is_over_is_not_waited_for(
    linked: Linked,
) -> None:
    linked.world.do("webhooks", enabled=False)
    by_hand = linked.world.do("contacts", tenant=linked.tenant, act="create", name="Imogen Made-Up")
    learner = save(linked)
    linked.push()
    assert "before the question below is answered" in said(linked, learner)
    press(linked, learner)
    assert ContactPush.objects.get().state == PushState.QUESTION

    linked.world.do("contacts", tenant=linked.tenant, act="archive", id=by_hand["id"])
    # Nothing has told of it but the mirror, which a run has renewed.
    Contact.objects.filter(xero_id=by_hand["id"]).update(status="ARCHIVED")
    assert "Sync now asks anew." in said(linked, learner)
    LearnerRefresh.objects.update(finished_at=clock())
    press(linked, learner)
    linked.push()

    assert "In Xero As" in said(linked, learner)


def test_limit_and_outage_are_told_and_it_goes_on_by_itself(
    linked: Linked, learner: Learner
) -> None:
    invoice = bill(linked, learner)
    linked.world.fail("/CreditNotes", named="maintenance")

    press(linked, learner)
    linked.refresh()

    waits = said(linked, learner)
    assert "Sync now waits: Xero is not answering at the moment; trying again by itself." in waits
    # What came before is there.
    assert invoice in waits
    LearnerRefresh.objects.update(not_before=clock())
    linked.refresh()
    assert "1 document, 1 new" in said(linked, learner)


def test_killed_worker_leaves_it_to_the_next(linked: Linked, learner: Learner) -> None:
    invoice = bill(linked, learner)
    press(linked, learner)
    refresh = LearnerRefresh.objects.get()
    assert leases.take(LearnerRefresh, refresh.pk, now=clock()) is not None
    linked.refresh()
    assert LearnerRefresh.objects.get().finished_at is None

    # A minute and a half later the lease has lapsed.
    LearnerRefresh.objects.update(leased_until=clock() - timedelta(seconds=1))
    linked.refresh()

    assert invoice in said(linked, learner)
    assert LearnerRefresh.objects.get().finished_at is not None


def test_list_that_xero_guards_is_read_by_ids(linked: Linked, learner: Learner) -> None:
    """As Xero does in a very large organisation: what is stored is read, the sweep brings more."""
    invoice = bill(linked, learner)
    press(linked, learner)
    linked.refresh()
    documents = linked.books()["documents"]
    paid = next(one for one in documents if one["number"] == invoice)
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=paid["xero_id"])
    refused = {"status": 400, "body": faults.REFUSED}
    faults.fault(linked, refused, times=1, path="/Invoices")

    press(linked, learner)
    linked.refresh()

    assert "1 document, 1 changed" in said(linked, learner)


def test_contact_that_only_its_number_found_is_read_and_not_written(linked: Linked) -> None:
    """As after an import: nobody has changed the learner here, so nothing is owed."""
    linked.world.do("webhooks", enabled=False)
    contact = next(
        one for one in linked.books()["contacts"] if one["number"] and one["status"] == "ACTIVE"
    )
    names = ("number", "given_name", "family_name")
    learner = builders.make_learner(
        linked.portal, sync_to_xero=True, **{name: contact[name] for name in names}
    )
    assert "Not sent yet" in said(linked, learner)
    linked.sweep()
    assert "In Xero As" in said(linked, learner)

    press(linked, learner)
    linked.push()
    linked.refresh()

    assert not ContactPush.objects.exists()
    assert contact in linked.books()["contacts"]


def test_another_portal_on_the_organisation_reads_nothing_of_ours(
    linked: Linked, learner: Learner
) -> None:
    invoice = bill(linked, learner)
    others = neighbour_of(linked)
    theirs = save(others, number=learner.number, email="ben@example.com", given_name="Ben")

    press(others, theirs)
    others.push()
    LearnerRefresh.objects.update(not_before=None)
    others.refresh()

    assert invoice not in said(others, theirs)
    assert "no contact in Xero yet" in said(others, theirs)
    assert contacts_numbered(linked, learner.number)[0]["given_name"] == learner.given_name


def test_it_drops_itself_when_the_connection_is_gone(linked: Linked, learner: Learner) -> None:
    press(linked, learner)
    Connection.objects.update(state="NEEDS_RECONNECTING", generation=9)

    linked.refresh()

    shown = said(linked, learner)
    assert LearnerRefresh.objects.get().finished_at is None
    assert "Xero needs reconnecting" in shown
    assert f"{linked.manager} can reconnect it on Connected Apps." in shown
    assert "Sync now</button>" not in page_of(builders.client_of(linked.manager), learner)


def test_only_people_of_the_portal_with_an_lrm_role_may_press(
    linked: Linked, learner: Learner
) -> None:
    people: dict[str, User | None] = {
        "staff": builders.make_user(linked.portal),
        "colleague": builders.make_user(linked.portal, portal_admin=True, role=LrmRole.NONE),
        "stranger": builders.make_user(builders.make_portal("Saltbush"), portal_admin=True),
        "anonymous": None,
    }

    seen = {
        who: builders.client_of(person).post(address(learner)).status_code
        for who, person in reversed(people.items())
    }

    assert seen == {"staff": 302, "colleague": 403, "stranger": 404, "anonymous": 302}
    assert LearnerRefresh.objects.get().requested_by == people["staff"]
    assert builders.client_of(linked.manager).get(address(learner)).status_code == 405
    forger = Client(enforce_csrf_checks=True)
    forger.force_login(linked.manager)
    assert forger.post(address(learner)).status_code == 403


def test_learner_that_is_not_ticked_has_no_button(linked: Linked) -> None:
    learner = save(linked, sync_to_xero=False)
    client = builders.client_of(linked.manager)

    assert "Sync now</button>" not in page_of(client, learner)
    answer = client.post(address(learner), follow=True)

    assert "Nothing was read" in answer.content.decode()
    assert not LearnerRefresh.objects.exists()


def test_before_the_start_it_reads_at_once_and_sends_nothing(unstarted: Linked) -> None:
    unstarted.world.do("webhooks", enabled=False)
    unstarted.world.do(
        "contacts",
        tenant=unstarted.tenant,
        act="create",
        name="Imogen Made-Up",
        number="L900001",
        email="imogen@example.com",
    )
    learner = save(unstarted)
    before = unstarted.books()["contacts"]

    press(unstarted, learner)
    unstarted.refresh()
    unstarted.push()

    assert LearnerRefresh.objects.get().finished_at is not None
    shown = said(unstarted, learner)
    assert "has not started sending learners to Xero yet." in shown
    assert "Refreshed today at" in shown
    assert "The documents of Imogen Made-Up" in shown
    assert not re.search("[Oo]n the way|sends it", shown)
    assert unstarted.books()["contacts"] == before
