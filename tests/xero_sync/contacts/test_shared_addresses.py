"""Learners who wait because an address is somebody else's too, and go on once it is not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from lrm.models import Learner
from tests.support import page_reading, waiting
from tests.support.learners import contacts_numbered
from tests.support.linked import Linked, clock
from tests.support.staff import Staff, contact_of, raise_invoice
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, PushState

FAMILY = "family@example.com"


def is_asked() -> bool:
    """Return whether the one push waits for a person."""
    return ContactPush.objects.get().state == PushState.QUESTION


def in_xero(linked: Linked, **fields: Any) -> str:
    """Have accounts make a contact in Xero, and return its id."""
    made = linked.world.do("contacts", tenant=linked.tenant, act="create", **fields)
    contact_id: str = made["id"]
    return contact_id


def _is_taking() -> bool:
    """Return whether a statement looks for pushes just now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        return cursor.fetchone() is not None


@pytest.fixture
def asked(staff: Staff) -> tuple[Learner, Learner, str]:
    """Return two who share an address, and the contact that is asked about because of that."""
    linked = staff.linked
    contact_id = in_xero(linked, name="Kelly Household", number="L900001", email=FAMILY)
    linked.sweep()
    sister = staff.save(ticked=False, number="L900002", given_name="Ann", email=FAMILY)
    learner = staff.save(ticked=True, number="L900001", email=FAMILY)
    staff.push()
    assert is_asked()
    return learner, sister, contact_id


def test_push_goes_on_when_another_learner_gives_the_address_up(
    staff: Staff, asked: tuple[Learner, Learner, str]
) -> None:
    learner, sister, contact_id = asked
    invoice = raise_invoice(staff.linked, contact_id)
    staff.linked.sweep()
    staff.push()
    assert is_asked()

    staff.save(sister, ticked=False, number="L900002", given_name="Ann", email="ann@example.com")
    staff.push()

    assert ContactPush.objects.get().state == PushState.DONE
    assert contact_of(staff.linked, contact_id)["name"] == "Imogen Made-Up"
    assert staff.shown(learner) == {invoice}
    tab = staff.client.get("/settings/connected-apps/xero/contacts/?tab=questions")
    assert "No open questions" in page_reading.text_of(tab.content.decode())


def test_push_goes_on_when_another_contact_gives_the_address_up(staff: Staff) -> None:
    linked = staff.linked
    contact_id = in_xero(linked, name="Kelly Household", number="L900001", email=FAMILY)
    other = in_xero(linked, name="Kelly Plumbing", number="", email=FAMILY)
    linked.sweep()
    learner = staff.save(ticked=True, number="L900001", email=FAMILY)
    invoice = raise_invoice(linked, contact_id)
    linked.sweep()
    staff.push()
    assert is_asked()

    linked.world.do("contacts", tenant=linked.tenant, act="archive", id=other)
    linked.sweep()
    staff.push()

    assert ContactPush.objects.get().state == PushState.DONE
    assert staff.shown(learner) == {invoice}
    assert [one["contact_id"] for one in contacts_numbered(linked, "L900001")] == [contact_id]


def test_push_that_is_taken_while_its_learner_is_saved_has_the_details_of_its_version(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row that the worker waits for is read anew, and so must be the learner."""
    learner = staff.save(ticked=True)
    found = push_queue._of_portal

    def slow(portal: Any) -> Any:
        # As where thousands of rows are looked through first.
        return found(portal).extra(where=["pg_sleep(0.6) IS NOT NULL"])

    monkeypatch.setattr(push_queue, "_of_portal", slow)
    begun = threading.Event()

    def take() -> list[ContactPush]:
        begun.set()
        try:
            return push_queue._take(staff.linked.portal, clock())
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        taken = pool.submit(take)
        begun.wait()
        assert waiting.wait_until(_is_taking)
        staff.save(learner, ticked=True, given_name="Isla")
        (push,) = taken.result()

    assert (push.version, push.learner.given_name) == (2, "Isla")
