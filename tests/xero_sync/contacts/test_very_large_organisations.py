"""Learners of an organisation that is too large for Xero to look up contacts by their numbers.

Its guard refuses that for good, so each number is asked for at its own address. A name can still be
looked up: it is among the fields that are optimised.
"""

import pytest

from invoices.models import ContactLink
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked
from tests.support.staff import Staff, contact_of, make_by_hand
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, LearnerRefresh, PushState

GUARD = (
    "Your request is not filtering Contacts efficiently, given the extremely high volume for this "
    "organisation"
)
IMOGEN = {"name": "Imogen Made-Up", "email": "imogen@example.com"}


@pytest.fixture
def large(linked: Linked) -> Linked:
    """Let the organisation count as very large; webhooks bring nothing."""
    linked.world.do("webhooks", enabled=False)
    linked.world.do("habits", guards_more_than=10)
    return linked


def push(linked: Linked, turns: int = 4) -> None:
    for _ in range(turns):
        linked.push()
        ContactPush.objects.filter(state__in=push_queue.OPEN).update(not_before=None)


def lists(linked: Linked) -> int:
    """Return how often Xero refused a list of contacts by their numbers."""
    calls = linked.world.show("calls")
    return sum("ContactNumber" in one["query"] and one["status"] == 400 for one in calls)


def singles(linked: Linked) -> int:
    return linked.world.calls("2.0/contacts/", "GET")


@pytest.mark.parametrize("speaks_json", [False, True])
def test_learner_whose_reply_was_lost_has_one_contact_in_the_end(
    large: Linked, *, speaks_json: bool
) -> None:
    large.world.do("habits", guard_speaks_json=speaks_json)
    large.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    save(large)

    push(large)

    found = ContactPush.objects.get()
    assert (found.state, found.problem) == (PushState.DONE, "")
    (contact,) = contacts_numbered(large, "L900001")
    assert str(ContactLink.objects.get().contact_xero_id) == contact["contact_id"]
    assert (lists(large), singles(large)) == (1, 1)


def test_guard_that_refuses_every_list_by_number_keeps_nobody_in_doubt(linked: Linked) -> None:
    linked.world.do(
        "faults",
        match={"path": "/Contacts$", "query": "where=ContactNumber"},
        times=-1,
        answer={"status": 400, "body": GUARD, "headers": {"Content-Type": "text/html"}},
    )
    linked.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="before")
    numbers = [f"L9000{n:02}" for n in range(1, 26)]
    for number in numbers:
        save(linked, number=number, given_name=f"Wren {number}", email=f"{number}@example.com")

    push(linked)

    assert set(ContactPush.objects.values_list("state", flat=True)) == {PushState.DONE}
    assert [len(contacts_numbered(linked, number)) for number in numbers] == [1] * 25
    assert singles(linked) == 25


def test_limit_on_the_way_does_not_undo_what_was_settled(large: Linked) -> None:
    large.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="before")
    for n in range(25):
        save(large, number=f"L9000{n:02}", given_name=f"Wren {n}", email=f"wren{n}@example.com")
    large.push()
    # All in one company again, as after an outage.
    ContactPush.objects.update(not_before=None, stumbles=0)
    large.world.do(
        "faults", match={"path": "/Contacts/L900015"}, times=1, answer={"named": "minute"}
    )

    large.push()

    waiting = ContactPush.objects.order_by("pk").values_list("state", flat=True)
    assert list(waiting) == [PushState.PENDING] * 10 + [PushState.SENT] * 15


def test_namesake_of_a_learner_becomes_a_question(large: Linked) -> None:
    there = make_by_hand(large, **IMOGEN)
    save(large, email="other@example.com")

    push(large)

    found = ContactPush.objects.get()
    assert (found.state, str(found.candidate_xero_id)) == (PushState.QUESTION, there)
    assert not ContactLink.objects.exists()
    assert contacts_numbered(large, "L900001") == []


def test_number_of_a_stranger_becomes_a_question_and_of_the_learner_a_link(large: Linked) -> None:
    mine = make_by_hand(large, number="L900001", **IMOGEN)
    theirs = make_by_hand(large, number="L900002", name="Ravi Ito", email="ravi@example.com")
    save(large)
    save(large, number="L900002", given_name="Wren", email="wren@example.com")

    push(large)

    own, other = ContactPush.objects.order_by("learner__number")
    assert own.state == PushState.DONE
    assert str(ContactLink.objects.get().contact_xero_id) == mine
    assert (other.state, str(other.candidate_xero_id)) == (PushState.QUESTION, theirs)


def test_second_holder_of_a_number_is_known_from_what_is_stored(large: Linked) -> None:
    """Xero does not always prevent it, and shows one of them at the number's address."""
    large.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="before")
    save(large)
    large.push()
    theirs = make_by_hand(large, number="L900001", name="Ravi Ito", email="ravi@example.com")
    mine = make_by_hand(large, number="L900001", **IMOGEN)
    large.sweep()
    ContactPush.objects.update(not_before=None)

    push(large)

    assert ContactPush.objects.get().state == PushState.DONE
    assert str(ContactLink.objects.get().contact_xero_id) == mine
    assert contact_of(large, theirs)["name"] == "Ravi Ito"
    assert singles(large) == 1


@pytest.mark.parametrize("number", ['A&B "7" 100%+;=?#', "\N{GRADUATION CAP}7", "L.7-8_9~", "...7"])
def test_number_with_signs_is_found_at_its_address(large: Linked, number: str) -> None:
    large.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    save(large, number=number)

    push(large)

    assert ContactPush.objects.get().state == PushState.DONE
    assert len(contacts_numbered(large, number)) == 1
    assert singles(large) == 1


@pytest.mark.asks_oddly("a slash within the last part of an address is what it is about")
def test_number_with_a_slash_is_found_or_refused_but_never_doubled(large: Linked) -> None:
    large.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    save(large, number="L/9")

    push(large)

    assert ContactPush.objects.get().state == PushState.DONE
    assert len(contacts_numbered(large, "L/9")) == 1


def test_number_that_no_address_can_hold_is_parked_alone(large: Linked) -> None:
    for number, name in (("..", "Wren"), ("L900002", "Ravi")):
        save(large, number=number, given_name=name, email=f"{name}@example.com")
    large.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")

    push(large)

    parked = ContactPush.objects.get(learner__number="..")
    assert parked.state == PushState.REFUSED
    assert "could not look up the number ..: no address can hold it." in parked.problem
    assert ContactPush.objects.get(learner__number="L900002").state == PushState.DONE
    assert singles(large) == 1


def test_sign_that_xero_takes_in_no_address_parks_its_learner_alone(large: Linked) -> None:
    for number, name in (("L:1", "Wren"), ("L900002", "Ravi")):
        save(large, number=number, given_name=name, email=f"{name}@example.com")
    large.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    large.world.fail("/Contacts/L.*:", status=400, body="<h2>Bad Request</h2>")

    push(large)

    parked = ContactPush.objects.get(learner__number="L:1")
    assert parked.state == PushState.REFUSED
    assert "could not look up the number L:1: Bad Request." in parked.problem
    assert ContactPush.objects.get(learner__number="L900002").state == PushState.DONE


def test_nobody_is_blamed_where_the_number_alone_is_refused_too(large: Linked) -> None:
    large.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    save(large)
    large.world.fail("/Contacts/L900001", status=400, body=GUARD)

    large.push()
    ContactPush.objects.update(not_before=None)
    large.push()

    assert ContactPush.objects.get().state == PushState.SENT
    push(large)
    assert ContactPush.objects.get().state == PushState.DONE


@pytest.mark.parametrize("is_there", [True, False])
def test_sync_now_finds_the_contact_by_its_number(unstarted: Linked, *, is_there: bool) -> None:
    """Nothing is sent before the start, so the number is all that is known of the contact."""
    unstarted.world.do("webhooks", enabled=False)
    unstarted.world.do("habits", guards_more_than=10)
    there = [make_by_hand(unstarted, number="L900001", **IMOGEN)] if is_there else []
    learner = save(unstarted)
    Staff(unstarted).client.post(f"/learners/{learner.pk}/xero-contact/sync/")

    unstarted.refresh()

    refresh = LearnerRefresh.objects.get()
    assert (refresh.problem, refresh.contact_count) == ("", len(there))
    found = ContactLink.objects.values_list("contact_xero_id", flat=True)
    assert [str(one) for one in found] == there
    assert (lists(unstarted), singles(unstarted)) == (1, 1)


def test_sync_now_says_what_xero_says_of_a_number(unstarted: Linked) -> None:
    unstarted.world.do("habits", guards_more_than=10)
    learner = save(unstarted, number="L:1")
    unstarted.world.fail("/Contacts/L.*1", status=400, body="<h2>Bad Request</h2>")
    Staff(unstarted).client.post(f"/learners/{learner.pk}/xero-contact/sync/")

    unstarted.refresh()

    refresh = LearnerRefresh.objects.get()
    assert refresh.finished_at is not None
    assert refresh.problem == "Xero rejects the request: Bad Request."
