"""A learner whom Xero cannot look up is parked alone, and holds up nobody."""

import json
from typing import Any

import pytest

from lrm.models import Learner
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, PushState

# The form and imports take no such number; only what an earlier release stored may hold one.
asks_with_a_backslash = pytest.mark.asks_oddly("a refusal of the backslash is what it is about")
UNREADABLE = json.dumps(
    {"ErrorNumber": 16, "Type": "QueryParseException", "Message": "Syntax error at position 18"}
)


def stored(linked: Linked, number: str, **fields: Any) -> Learner:
    """Store a learner past the form, with whatever number it has, as the release before did."""
    alone = {"given_name": f"Imogen {number}", "email": f"imogen{ord(number[0])}@example.com"}
    return save(linked, number=number, **{**alone, **fields})


def push(linked: Linked) -> dict[str, tuple[str, str]]:
    """Let workers take a few turns; return {number: (state, problem)}."""
    for _ in range(4):
        linked.push()
        ContactPush.objects.filter(state__in=push_queue.OPEN).update(not_before=None)
    rows = ContactPush.objects.values_list("learner__number", "state", "problem")
    return {number: (state, problem) for number, state, problem in rows}


@asks_with_a_backslash
def test_number_with_a_backslash_whose_reply_was_lost_is_parked_alone(linked: Linked) -> None:
    numbers = ["A-1", "B\\2", "C-3", "D-4", "E-5"]
    for number in numbers:
        stored(linked, number)
    linked.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")

    found = push(linked)

    state, problem = found.pop("B\\2")
    assert {one for one, _ in found.values()} == {PushState.DONE}
    assert state == PushState.REFUSED
    assert "could not look up the number B\\2" in problem
    assert "Syntax error" in problem
    assert "another number" in problem
    assert [len(contacts_numbered(linked, number)) for number in numbers] == [1] * 5


@asks_with_a_backslash
def test_number_with_a_backslash_is_parked_alone_where_names_are_taken(linked: Linked) -> None:
    by_hand = [one for one in linked.books()["contacts"] if not one["number"]][:2]
    strange = stored(linked, "B\\2", given_name="", family_name=by_hand[0]["name"])
    other = stored(linked, "C-3", given_name="", family_name=by_hand[1]["name"])

    found = push(linked)

    assert found["B\\2"][0] == PushState.REFUSED
    assert "already assigned" not in found["B\\2"][1]
    assert found["C-3"][0] == PushState.QUESTION
    strange.number = "B-2"
    save(linked, strange, number="B-2", given_name="", family_name=strange.family_name)
    assert push(linked)["B-2"][0] == PushState.QUESTION
    assert ContactPush.objects.get(learner=other).candidate_xero_id is not None


@asks_with_a_backslash
def test_renumbered_learner_in_doubt_goes_again_when_saved(linked: Linked) -> None:
    learner = stored(linked, "B\\2", given_name="Imogen", family_name="Made-Up")
    linked.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    linked.push()
    save(linked, learner, number="B-2")

    problem = push(linked)["B-2"][1]

    assert "B\\2" in problem
    assert "look in Xero" in problem
    save(linked, learner, number="B-2", email="new@example.com")
    # The contact made under the old number has the name: a person is asked, nothing is doubled.
    assert push(linked)["B-2"][0] == PushState.QUESTION
    assert len([one for one in linked.books()["contacts"] if one["name"] == "Imogen Made-Up"]) == 1


def test_name_that_xero_cannot_look_up_is_parked_alone(linked: Linked) -> None:
    by_hand = [one for one in linked.books()["contacts"] if not one["number"]][:3]
    for n, contact in enumerate(by_hand):
        stored(linked, f"T-{n}", given_name="", family_name=contact["name"])
    # First the numbers are looked up, in one call that goes well; then the names.
    linked.world.fail(
        "/api.xro/2.0/Contacts", method="GET", times=1, status=200, body='{"Contacts": []}'
    )
    linked.world.fail("/api.xro/2.0/Contacts", method="GET", times=2, status=400, body=UNREADABLE)

    linked.push()

    pushes = list(ContactPush.objects.order_by("learner__number"))
    assert [each.state for each in pushes] == [
        PushState.REFUSED,
        PushState.QUESTION,
        PushState.QUESTION,
    ]
    assert "could not look up the name" in pushes[0].problem
    assert "Syntax error at position 18" in pushes[0].problem


def test_contact_that_xero_cannot_show_is_parked_alone(linked: Linked) -> None:
    linked.sweep()
    there = [
        one for one in linked.books()["contacts"] if one["number"] and one["status"] == "ACTIVE"
    ][:3]
    for one in there:
        names = {"given_name": one["given_name"], "family_name": one["family_name"]}
        save(linked, number=one["number"], email="new@example.com", **names)
    linked.world.fail("/api.xro/2.0/Contacts", method="GET", times=2, status=400, body=UNREADABLE)

    linked.push()

    states = ContactPush.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [PushState.REFUSED, PushState.DONE, PushState.DONE]


@pytest.mark.parametrize("kind", ["ValidationException", ""])
def test_nobody_is_blamed_where_xero_refuses_a_look_up_for_another_reason(
    linked: Linked, kind: str
) -> None:
    """A very large organisation refuses filters as such: then each is asked for by itself."""
    for number in ("A-1", "B-2"):
        stored(linked, number)
    linked.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    linked.push()
    ContactPush.objects.update(not_before=None)
    calls = linked.world.calls("/contacts", "GET")
    linked.world.fail(
        "/api.xro/2.0/Contacts", method="GET", status=400, body=json.dumps({"Type": kind})
    )

    linked.push()

    assert linked.world.calls("/contacts", "GET") == calls + 3
    found = ContactPush.objects.values_list("state", "problem")
    assert set(found) == {(PushState.DONE, "")}
