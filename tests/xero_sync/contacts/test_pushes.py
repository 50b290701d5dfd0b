"""Learners become contacts: once, by number and name, never over a stranger."""

import json
from uuid import uuid4

from connected_apps import signals
from connected_apps.models import Connection, Organisation
from invoices.models import ContactLink, LinkSource
from tests.support.learners import contacts_numbered, identity_of, save
from tests.support.linked import Linked, clock
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, PushState


def test_saved_learner_becomes_a_contact_and_is_linked(linked: Linked) -> None:
    learner = save(linked)
    linked.push()

    contact = contacts_numbered(linked, "L900001")
    assert [(one["name"], one["email"]) for one in contact] == [
        ("Imogen Made-Up", "imogen@example.com")
    ]
    link = ContactLink.objects.get(learner=learner)
    assert str(link.contact_xero_id) == contact[0]["contact_id"]
    assert ContactPush.objects.get(learner=learner).state == PushState.DONE


def test_learner_that_is_not_to_be_synced_stays_here(linked: Linked) -> None:
    save(linked, sync_to_xero=False)
    linked.push()

    assert contacts_numbered(linked, "L900001") == []


def test_changed_learner_updates_its_contact(linked: Linked) -> None:
    learner = save(linked)
    linked.push()

    save(linked, learner, email="new@example.com")
    linked.push()

    assert [one["email"] for one in contacts_numbered(linked, "L900001")] == ["new@example.com"]


def test_contact_that_has_the_number_is_found_not_doubled(linked: Linked) -> None:
    there = next(one for one in linked.books()["contacts"] if one["number"].startswith("L"))

    learner = save(linked, **identity_of(there))
    linked.push()

    assert len(contacts_numbered(linked, there["number"])) == 1
    link = ContactLink.objects.get(learner=learner)
    assert str(link.contact_xero_id) == there["contact_id"]


def test_mirrored_contact_is_linked_when_the_learner_is_saved(linked: Linked) -> None:
    linked.sweep()
    there = next(one for one in linked.books()["contacts"] if one["number"].startswith("L"))

    learner = save(linked, **identity_of(there), sync_to_xero=False)

    assert ContactLink.objects.get(learner=learner).source == LinkSource.NUMBER


def test_stranger_of_the_same_name_is_not_overwritten(linked: Linked) -> None:
    stranger = next(one for one in linked.books()["contacts"] if not one["number"])

    learner = save(linked, given_name="", family_name=stranger["name"])
    linked.push()

    after = {one["contact_id"]: one for one in linked.books()["contacts"]}
    assert after[stranger["contact_id"]] == stranger
    assert contacts_numbered(linked, "L900001") == []
    push = ContactPush.objects.get(learner=learner)
    assert (push.state, str(push.candidate_xero_id)) == (PushState.QUESTION, stranger["contact_id"])


def test_name_that_had_to_be_made_unique_stays_so(linked: Linked) -> None:
    save(linked, number="L900002", email="namesake@example.com")
    learner = save(linked)
    linked.push()

    save(linked, learner, email="new@example.com")
    linked.push()

    assert ContactPush.objects.get(learner=learner).state == PushState.DONE
    assert [(one["name"], one["email"]) for one in contacts_numbered(linked, "L900001")] == [
        ("Imogen Made-Up (L900001)", "new@example.com")
    ]


def test_lost_reply_creates_nobody_twice(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    learner = save(linked)

    linked.push()
    assert ContactPush.objects.get(learner=learner).state == PushState.SENT
    ContactPush.objects.update(not_before=None)
    linked.push()

    assert len(contacts_numbered(linked, "L900001")) == 1
    assert ContactPush.objects.get(learner=learner).state == PushState.DONE


def test_refused_learner_is_parked_with_xeros_own_words(linked: Linked) -> None:
    archived = next(
        one for one in linked.books()["contacts"] if one["status"] == "ARCHIVED" and one["number"]
    )

    learner = save(linked, number=archived["number"])
    linked.push()

    push = ContactPush.objects.get(learner=learner)
    assert (push.state, bool(push.problem)) == (PushState.REFUSED, True)


def test_learner_whom_xero_rejects_keeps_no_other_back(linked: Linked) -> None:
    numbers = ["L900001", "L900002", "L900003"]
    for number in numbers:
        save(linked, number=number, given_name=f"Imogen {number}")
    # The batch of three as a whole, then its first half, which is one learner.
    rejected = {"Type": "ValidationException", "Message": "A validation exception occurred"}
    linked.world.fail(
        "/api.xro/2.0/Contacts", method="PUT", times=2, status=400, body=json.dumps(rejected)
    )
    lookups = linked.world.calls("/contacts", "GET")

    linked.push()

    pushes = ContactPush.objects.filter(learner__number__in=numbers).order_by("learner__number")
    assert [push.state for push in pushes] == [PushState.REFUSED, PushState.DONE, PushState.DONE]
    assert pushes[0].problem == "A validation exception occurred"
    assert linked.world.calls("/contacts", "GET") == lookups
    assert [len(contacts_numbered(linked, number)) for number in numbers] == [0, 1, 1]


def test_nobody_is_blamed_when_xero_rejects_a_request_for_another_reason(linked: Linked) -> None:
    for number in ("L900001", "L900002"):
        save(linked, number=number, given_name=f"Imogen {number}")
    linked.world.fail("/api.xro/2.0/Contacts", method="PUT", times=1, status=400)

    linked.push()

    states = set(ContactPush.objects.values_list("state", flat=True))
    assert states == {PushState.SENT}
    ContactPush.objects.update(not_before=None)
    linked.push()
    assert set(ContactPush.objects.values_list("state", flat=True)) == {PushState.DONE}


def test_learner_saved_while_not_connected_goes_out_on_connecting(linked: Linked) -> None:
    linked.connection.state = "DISCONNECTED_HERE"
    linked.connection.save()
    learner = save(linked)
    linked.push()
    assert ContactPush.objects.get(learner=learner).state == PushState.PENDING

    linked.connection.state = "CONNECTED"
    linked.connection.save()
    linked.push()

    assert len(contacts_numbered(linked, "L900001")) == 1


def test_save_that_changes_nothing_for_xero_sends_nothing(linked: Linked) -> None:
    learner = save(linked)
    linked.push()
    before = linked.world.calls("/contacts", "POST") + linked.world.calls("/contacts", "PUT")

    ContactPush.objects.update(state=PushState.PENDING)
    linked.push()

    after = linked.world.calls("/contacts", "POST") + linked.world.calls("/contacts", "PUT")
    assert after == before
    assert ContactPush.objects.get(learner=learner).state == PushState.DONE


def test_learner_unticked_before_it_went_out_stays_here(linked: Linked) -> None:
    learner = save(linked)

    save(linked, learner, sync_to_xero=False)
    linked.push()

    assert contacts_numbered(linked, "L900001") == []
    assert push_queue.waiting_portals(now=clock()) == []


def test_learners_go_to_the_organisation_that_takes_the_place_of_another(linked: Linked) -> None:
    learner = save(linked)
    linked.push()
    other = Organisation.objects.create(
        portal=linked.portal, tenant_id=uuid4(), name="Elsewhere", base_currency="AUD"
    )
    Connection.objects.update(organisation=other)
    linked.connection.refresh_from_db()

    signals.send_connected(connection=linked.connection, reconnected=True, same_organisation=False)

    push = ContactPush.objects.get(learner=learner)
    assert (push.state, push.sent_digest) == (PushState.PENDING, None)
