"""The connection changes hands while a push is under way: what Xero answered counts no more."""

from datetime import datetime
from uuid import uuid4

import pytest
from django.db.models import F

from connected_apps import signals
from connected_apps.models import Connection, Organisation
from invoices.models import Contact, ContactLink
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked, clock
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, PushState


class Reconnecting:
    """A worker's clock that, once a call was made, sees the portal connected to somebody else."""

    def __init__(self, linked: Linked, method: str, *, elsewhere: bool = True) -> None:
        self.linked, self.method, self.elsewhere = linked, method, elsewhere
        self.before = linked.world.calls("/contacts", method)
        self.is_done = False

    def __call__(self) -> datetime:
        """Tell the time, and reconnect where the call was made by now."""
        calls = self.linked.world.calls("/contacts", self.method)
        if not self.is_done and calls > self.before:
            self.is_done = True
            self.reconnect()
        return clock()

    def reconnect(self) -> None:
        """Connect the portal anew."""
        connections = Connection.objects.filter(pk=self.linked.connection.pk)
        connections.update(generation=F("generation") + 1)
        if self.elsewhere:
            connections.update(
                organisation=Organisation.objects.create(
                    portal=self.linked.portal, tenant_id=uuid4(), name="Else", base_currency="AUD"
                )
            )
        signals.send_connected(
            connection=connections.get(), reconnected=True, same_organisation=not self.elsewhere
        )


def push(linked: Linked, reconnecting: Reconnecting) -> ContactPush:
    push_queue.push_waiting(portal_id=linked.portal.pk, clock=reconnecting)
    assert reconnecting.is_done
    return ContactPush.objects.get()


def test_learner_sent_to_the_organisation_before_still_goes_to_the_new_one(linked: Linked) -> None:
    save(linked)

    found = push(linked, Reconnecting(linked, "PUT"))

    assert (found.state, found.sent_digest) == (PushState.PENDING, None)
    assert not ContactLink.objects.exists()
    assert not Contact.objects.filter(contact_number="L900001").exists()


def test_learner_sent_before_the_same_organisation_is_connected_again_is_not_made_twice(
    linked: Linked,
) -> None:
    save(linked)
    found = push(linked, Reconnecting(linked, "PUT", elsewhere=False))
    assert found.state == PushState.SENT

    ContactPush.objects.update(not_before=None)
    linked.push()

    assert ContactPush.objects.get().state == PushState.DONE
    assert len(contacts_numbered(linked, "L900001")) == 1


def test_changed_contact_of_the_organisation_before_says_nothing_of_the_new_one(
    linked: Linked,
) -> None:
    learner = save(linked)
    linked.push()
    save(linked, learner, email="new@example.com")

    found = push(linked, Reconnecting(linked, "POST"))

    assert (found.state, found.sent_digest) == (PushState.PENDING, None)
    assert Contact.objects.get(contact_number="L900001").email == "imogen@example.com"


@pytest.mark.parametrize("taken", ["number", "name"])
def test_look_up_in_the_organisation_before_parks_nobody(linked: Linked, taken: str) -> None:
    there = next(
        one
        for one in linked.books()["contacts"]
        if bool(one["number"]) == (taken == "number") and one["status"] == "ACTIVE"
    )
    same = {"number": there["number"]} if taken == "number" else {"family_name": there["name"]}
    save(linked, given_name="", **{"family_name": "Made-Up", **same})

    found = push(linked, Reconnecting(linked, "GET"))

    assert (found.state, found.candidate_xero_id) == (PushState.PENDING, None)
    assert not Contact.objects.filter(xero_id=there["contact_id"]).exists()
