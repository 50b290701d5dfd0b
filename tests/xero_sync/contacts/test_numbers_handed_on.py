"""Numbers handed on, moved along and swapped: the right contact changes, and no other shows."""

from typing import Any

from tests.support.learners import contacts_numbered
from tests.support.staff import Staff, contact_of, raise_invoice, somebodys
from xero_sync.models import ContactPush


def test_number_handed_on_changes_the_right_contact(staff: Staff) -> None:
    linked = staff.linked
    first = staff.save(ticked=True, number="L900001")
    staff.push()
    mine = contacts_numbered(linked, "L900001")[0]["contact_id"]
    invoice = raise_invoice(linked, mine)
    linked.sweep()

    staff.save(first, ticked=True, number="L900002")
    second = staff.save(ticked=True, number="L900001", given_name="Ben", email="ben@example.com")

    assert staff.shown(second) == set()
    staff.push()
    linked.sweep()
    assert contact_of(linked, mine)["number"] == "L900002"
    assert [one["name"] for one in contacts_numbered(linked, "L900001")] == ["Ben Made-Up"]
    assert staff.shown(first) == {invoice}
    assert staff.shown(second) == set()
    assert set(ContactPush.objects.values_list("state", flat=True)) == {"DONE"}


def test_number_handed_on_before_the_first_push_went(staff: Staff) -> None:
    """The first learner's contact is known by number and name alone, as after an import."""
    linked = staff.linked
    theirs, invoice = somebodys(linked)
    names = {"given_name": theirs["given_name"], "family_name": theirs["family_name"]}
    first = staff.save(ticked=True, number=theirs["number"], email=theirs["email"], **names)

    staff.save(first, ticked=True, number="L900002", email=theirs["email"], **names)
    second = staff.save(ticked=True, number=theirs["number"])

    assert staff.shown(second) == set()
    staff.push()
    linked.sweep()
    assert contact_of(linked, theirs["contact_id"])["number"] == "L900002"
    assert invoice in staff.shown(first)
    assert staff.shown(second) == set()
    assert [one["name"] for one in contacts_numbered(linked, theirs["number"])] == [
        "Imogen Made-Up"
    ]


def test_numbers_move_on_whoever_was_saved_first(staff: Staff) -> None:
    """The first waits for the second's number; both go in one batch."""
    linked = staff.linked
    names = {"L900001": "Ann", "L900002": "Ben"}
    first, second = (
        staff.save(ticked=True, number=number, given_name=name, email=f"{name}@example.com")
        for number, name in names.items()
    )
    staff.push()
    ids = [contacts_numbered(linked, number)[0]["contact_id"] for number in names]

    second = staff.save(
        second, ticked=True, number="L900003", given_name="Ben", email="Ben@example.com"
    )
    staff.save(first, ticked=True, number="L900002", given_name="Ann", email="Ann@example.com")
    staff.push()

    assert [contact_of(linked, each)["number"] for each in ids] == ["L900002", "L900003"]
    assert set(ContactPush.objects.values_list("state", flat=True)) == {"DONE"}


def test_swapped_numbers_are_swapped_in_xero(staff: Staff) -> None:
    linked = staff.linked
    people = {}
    for number, name in (("L900001", "Ann"), ("L900002", "Ben"), ("L900003", "Cem")):
        details: dict[str, Any] = {"given_name": name, "email": f"{name}@example.com"}
        people[name] = (staff.save(ticked=True, number=number, **details), details)
    staff.push()
    ids = [contacts_numbered(linked, f"L90000{n}")[0]["contact_id"] for n in (1, 2, 3)]

    # Ben and Cem swap theirs, by way of a fourth, and Ann, who is first in line, gets a new one.
    for name, number in (("Ben", "L9"), ("Cem", "L900002"), ("Ben", "L900003")):
        learner, details = people[name]
        staff.save(learner, ticked=True, number=number, **details)
    staff.push()

    assert [contact_of(linked, each)["number"] for each in ids] == ["L900001", "L900003", "L900002"]
    assert set(ContactPush.objects.values_list("state", flat=True)) == {"DONE"}


def test_number_of_a_contact_that_is_not_synced_any_more_is_told_and_waited_for(
    staff: Staff,
) -> None:
    linked = staff.linked
    ann: dict[str, Any] = {"given_name": "Ann", "email": "ann@example.com"}
    ben: dict[str, Any] = {"given_name": "Ben", "email": "ben@example.com"}
    first = staff.save(ticked=True, number="L900001", **ann)
    second = staff.save(ticked=True, number="L900002", **ben)
    staff.push()
    mine = contacts_numbered(linked, "L900001")[0]["contact_id"]

    staff.save(second, ticked=False, number="L900003", **ben)
    first = staff.save(first, ticked=True, number="L900002", **ann)
    staff.push()
    assert contact_of(linked, mine)["number"] == "L900001"
    assert "the number L900002 is on the contact of Ben" in staff.invoices(first)

    staff.save(second, ticked=True, number="L900003", **ben)
    staff.push()

    assert contact_of(linked, mine)["number"] == "L900002"
    assert set(ContactPush.objects.values_list("state", flat=True)) == {"DONE"}


def test_numbers_swapped_while_xero_fails_are_swapped_once_it_answers(staff: Staff) -> None:
    """Each of the two stumbled by itself, and neither can go without the other."""
    linked = staff.linked
    ann: dict[str, Any] = {"given_name": "Ann", "email": "ann@example.com"}
    ben: dict[str, Any] = {"given_name": "Ben", "email": "ben@example.com"}
    first = staff.save(ticked=True, number="L900001", **ann)
    second = staff.save(ticked=True, number="L900002", **ben)
    staff.push()
    for learner, number, whose in ((first, "L900009", ann), (second, "L900001", ben)):
        linked.world.fail("/api.xro/2.0/Contacts", method="POST", status=500)
        staff.save(learner, ticked=True, number=number, **whose)
        linked.push()
    staff.save(first, ticked=True, number="L900002", **ann)
    before = linked.world.calls("/contacts")

    staff.push()

    assert {push.state for push in ContactPush.objects.all()} == {"DONE"}
    names = {n: [c["name"] for c in contacts_numbered(linked, n)] for n in ("L900001", "L900002")}
    assert names == {"L900001": ["Ben Made-Up"], "L900002": ["Ann Made-Up"]}
    assert linked.world.calls("/contacts") - before < 20


def test_learner_who_turns_out_to_be_another_writes_to_no_contact_of_before(staff: Staff) -> None:
    linked = staff.linked
    anns, bens = (
        linked.world.do("contacts", tenant=linked.tenant, act="create", number=number, name=name)
        for number, name in (("L900001", "Ann Made-Up"), ("L900002", "Ben Kelly"))
    )
    linked.sweep()
    learner = staff.save(ticked=True, number="L900001", given_name="Ann", email="")
    # Before that is sent it gets another's number, of whose contact a person is asked.
    staff.save(learner, ticked=True, number="L900002", given_name="Ann", email="")
    staff.push()
    assert ContactPush.objects.get().state == "QUESTION"

    bens_names = {"given_name": "Ben", "family_name": "Kelly", "email": "ben@example.com"}
    staff.save(learner, ticked=True, number="L900002", **bens_names)
    staff.push()

    assert ContactPush.objects.get().state == "DONE"
    assert contact_of(linked, anns["id"])["name"] == "Ann Made-Up"
    assert contact_of(linked, bens["id"])["email"] == "ben@example.com"


def test_learner_renumbered_while_a_reply_was_lost_is_not_made_twice(staff: Staff) -> None:
    linked = staff.linked
    linked.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    learner = staff.save(ticked=True)
    linked.push()

    staff.save(learner, ticked=True, number="L900002")
    ContactPush.objects.update(leased_until=None)
    staff.push()

    named = [one for one in linked.books()["contacts"] if "Made-Up" in one["name"]]
    assert [one["number"] for one in named] == ["L900002"]
