"""Learners with odd details, from the form through the workers: each has a stated outcome.

It arrives in Xero whole, or as Xero can take it; or the form refuses it with the reason at the
field; or it waits with words that say what to do. Nobody else waits with it.
"""

from typing import Any

import pytest

from lrm.models import Learner
from tests.support import builders
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, PushState

CAP = "\N{GRADUATION CAP}"
BESIDE = "L900009"


@pytest.fixture(autouse=True)
def beside(linked: Linked) -> Learner:
    """Save a plain learner, who goes in the same call and must reach Xero whatever else does."""
    linked.world.do("webhooks", enabled=False)
    return save(linked, number=BESIDE, given_name="Plain", email="plain@example.com")


def typed(linked: Linked, **details: Any) -> Any:
    """Type a learner into the form and send it; return the answer."""
    form = {
        "number": "L900001",
        "given_name": "Imogen",
        "family_name": "Made-Up",
        "email": "imogen@example.com",
        "country": "Australia",
        "sync_to_xero": "on",
        **details,
    }
    return builders.client_of(linked.manager).post("/learners/new/", form)


def push(linked: Linked) -> None:
    for _ in range(4):
        linked.push()
        ContactPush.objects.filter(state__in=push_queue.OPEN).update(not_before=None)
    assert ContactPush.objects.get(learner__number=BESIDE).state == PushState.DONE
    assert len(contacts_numbered(linked, BESIDE)) == 1


def pushed(linked: Linked, **details: Any) -> ContactPush:
    """Save a learner by the form, let the workers have their turns, and return its push."""
    assert typed(linked, **details).status_code == 302
    push(linked)
    return ContactPush.objects.select_related("learner").exclude(learner__number=BESIDE).get()


@pytest.mark.parametrize(
    ("details", "arrives"),
    [
        (
            {"given_name": "a" * 100, "family_name": "b" * 100},
            {"name": f"{'a' * 100} {'b' * 100}", "family_name": "b" * 100},
        ),
        # An emoji is two characters to Xero, and a name has 255.
        (
            {"given_name": CAP * 50, "family_name": f"b{CAP * 49}"},
            {"name": f"{CAP * 50} b{CAP * 49}", "given_name": CAP * 50},
        ),
        (
            {"given_name": "Ro<b>in", "family_name": "< Wattle >"},
            {"name": "Robin Wattle", "given_name": "Robin", "family_name": "Wattle"},
        ),
        (
            {"given_name": "  Mary \t Ann ", "family_name": "de\u00a0 la   Cruz"},
            {"name": "Mary Ann de la Cruz", "given_name": "Mary Ann"},
        ),
        (
            {
                "given_name": "\U0001f469\u200d\U0001f393 Imogen",
                "family_name": "\u05db\u05d4\u05df",
            },
            {"name": "\U0001f469\u200d\U0001f393 Imogen \u05db\u05d4\u05df"},
        ),
        (
            {"given_name": "", "family_name": "\u0645\u062d\u0645\u062f"},
            {"name": "\u0645\u062d\u0645\u062f", "family_name": "\u0645\u062d\u0645\u062f"},
        ),
        ({"email": ""}, {"email": "", "name": "Imogen Made-Up"}),
        (
            {"number": 'A&B "7"', "family_name": 'O\'Hara & "Sons"'},
            {"number": 'A&B "7"', "name": 'Imogen O\'Hara & "Sons"'},
        ),
        ({"family_name": "Back\\slash"}, {"name": "Imogen Back\\slash"}),
        ({"number": "x" * 50}, {"number": "x" * 50}),
        ({"number": "L/9 #1%+;=?"}, {"number": "L/9 #1%+;=?"}),
        ({"family_name": '=HYPERLINK("x")'}, {"name": 'Imogen =HYPERLINK("x")'}),
    ],
)
def test_learner_arrives_as_xero_can_take_it(
    linked: Linked, details: dict[str, str], arrives: dict[str, str]
) -> None:
    found = pushed(linked, **details)

    assert (found.state, found.problem) == (PushState.DONE, "")
    (contact,) = contacts_numbered(linked, found.learner.number)
    assert {name: contact[name] for name in arrives} == arrives


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", "x" * 51),
        ("number", CAP * 26),
        ("number", "A\\7"),
        ("number", "A<7"),
        ("number", "A\u200b7"),
        ("number", "\uff11\uff12"),
        ("given_name", "<>"),
        ("family_name", "\u202emoor"),
        ("family_name", "a" * 256),
        ("email", "imogen@localhost"),
    ],
)
def test_form_refuses_what_xero_cannot_take_and_nothing_is_sent(
    linked: Linked, field: str, value: str
) -> None:
    before = len(linked.books()["contacts"])

    answer = typed(linked, **{field: value})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    push(linked)
    # The plain one alone.
    assert len(linked.books()["contacts"]) == before + 1


def test_longest_names_are_cut_to_make_room_for_the_number(linked: Linked) -> None:
    names: dict[str, Any] = {"given_name": CAP * 50, "family_name": f"b {CAP * 49}"}
    save(linked, number="L900002", email="other@example.com", **names)

    push(linked)
    typed(linked, number="x" * 50, **names)
    push(linked)

    (contact,) = contacts_numbered(linked, "x" * 50)
    assert contact["name"].endswith(f" ({'x' * 50})")
    assert len(contact["name"].encode("utf-16-le")) // 2 <= 255
    assert contact["given_name"] == CAP * 50


@pytest.mark.parametrize("number", ['A&B "7"', "L/9 #1%+;=?", f"{CAP}7"])
def test_odd_number_whose_reply_was_lost_is_found_and_not_doubled(
    linked: Linked, number: str
) -> None:
    linked.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")

    found = pushed(linked, number=number)

    assert found.state == PushState.DONE
    assert len(contacts_numbered(linked, number)) == 1


def test_number_that_the_release_before_took_is_refused_with_xeros_words(linked: Linked) -> None:
    save(linked, number=CAP * 26)

    push(linked)

    found = ContactPush.objects.get(learner__number=CAP * 26)
    assert found.state == PushState.REFUSED
    assert "ContactNumber must not be longer than 50 characters." in found.problem


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("ARCHIVED", "archived contact Nadia Old has the number L900001: restore it in Xero"),
        ("GDPRREQUEST", "contact that is being erased has the number L900001"),
    ],
)
def test_number_of_a_contact_that_is_not_active_says_what_to_do(
    linked: Linked, status: str, words: str
) -> None:
    there = made(linked, name="Nadia Old", number="L900001")
    linked.world.do("contacts", tenant=linked.tenant, act="update", id=there, status=status)

    found = pushed(linked)

    assert found.state == PushState.REFUSED
    assert "already assigned to another contact" in found.problem
    assert words in found.problem
    assert "another number" in found.problem
    assert [one["name"] for one in contacts_numbered(linked, "L900001")] == ["Nadia Old"]


def test_own_contact_that_was_archived_says_what_to_do(linked: Linked) -> None:
    learner = pushed(linked).learner
    (contact,) = contacts_numbered(linked, "L900001")
    linked.world.do("contacts", tenant=linked.tenant, act="archive", id=contact["contact_id"])
    save(linked, learner, email="new@example.com")

    push(linked)

    found = ContactPush.objects.get(learner=learner)
    assert found.state == PushState.REFUSED
    assert "Imogen Made-Up is archived in Xero" in found.problem
    assert "Restore it in Xero" in found.problem


def made(linked: Linked, **values: Any) -> str:
    answer = linked.world.do("contacts", tenant=linked.tenant, act="create", **values)
    return str(answer["id"])


def test_of_two_active_contacts_with_the_number_the_one_that_agrees_is_taken(
    linked: Linked,
) -> None:
    stranger = made(linked, name="Somebody Else", number="L900001")
    same = made(linked, name="Imogen MADE-UP", number="L900001")

    found = pushed(linked)

    assert found.state == PushState.DONE
    after = {one["contact_id"]: one for one in contacts_numbered(linked, "L900001")}
    assert after[stranger]["email"] == ""
    assert (after[same]["name"], after[same]["email"]) == ("Imogen Made-Up", "imogen@example.com")
    assert len(after) == 2


def test_of_two_active_contacts_with_the_number_that_do_not_agree_a_person_says(
    linked: Linked,
) -> None:
    both = {
        made(linked, name="Somebody Else", number="L900001"),
        made(linked, name="Another One", number="L900001"),
    }
    before = contacts_numbered(linked, "L900001")

    found = pushed(linked)

    assert (found.state, str(found.candidate_xero_id) in both) == (PushState.QUESTION, True)
    assert contacts_numbered(linked, "L900001") == before
