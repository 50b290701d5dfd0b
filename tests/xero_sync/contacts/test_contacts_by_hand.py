"""Contacts that accounts make by hand in Xero, and learners of the same name: nobody is doubled."""

import pytest

from tests.support.learners import contacts_numbered
from tests.support.staff import Staff, contact_of, make_by_hand, raise_invoice
from xero_sync.models import ContactPush


def test_contact_made_by_hand_is_asked_about_and_not_doubled(staff: Staff) -> None:
    by_hand = make_by_hand(staff.linked, name="Imogen Made-Up", email="imogen@example.com")
    invoice = raise_invoice(staff.linked, by_hand)

    learner = staff.save(ticked=True)
    staff.push()

    named = [one for one in staff.linked.books()["contacts"] if "Made-Up" in one["name"]]
    assert [one["contact_id"] for one in named] == [by_hand]
    said = staff.invoices(learner)
    assert "has a contact of this name: is it the same person?" in said
    assert invoice not in said


@pytest.mark.parametrize(
    "name", ['Imogen "Immy" Made-Up', "Imogen \\ Made-Up", "Imogen 🌻 O'Made-Up", "עדי כהן"]
)
def test_holder_of_a_name_with_odd_characters_is_found(staff: Staff, name: str) -> None:
    """Xero's filters know no backslash: such a name is looked for in what is mirrored."""
    by_hand = make_by_hand(staff.linked, name=name)
    staff.linked.sweep()

    learner = staff.save(ticked=True, given_name="", family_name=name)
    staff.push()

    assert contacts_numbered(staff.linked, "L900001") == []
    assert str(ContactPush.objects.get(learner=learner).candidate_xero_id) == by_hand


def test_yes_sends_the_learner_to_that_contact_and_shows_its_invoices(staff: Staff) -> None:
    by_hand = make_by_hand(staff.linked, name="Imogen Made-Up", email="imogen@example.com")
    invoice = raise_invoice(staff.linked, by_hand)
    learner = staff.save(ticked=True)
    staff.push()

    staff.answer(learner, by_hand, "yes")
    staff.push()
    staff.linked.sweep()

    contact = contact_of(staff.linked, by_hand)
    assert (contact["number"], contact["name"]) == ("L900001", "Imogen Made-Up")
    assert invoice in staff.invoices(learner)
    assert ContactPush.objects.get(learner=learner).state == "DONE"


def test_no_makes_a_contact_of_its_own_and_is_remembered(staff: Staff) -> None:
    by_hand = make_by_hand(staff.linked, name="Imogen Made-Up", email="other@example.com")
    before = contact_of(staff.linked, by_hand)
    learner = staff.save(ticked=True)
    staff.push()

    staff.answer(learner, by_hand, "no")
    staff.push()
    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()

    assert contact_of(staff.linked, by_hand) == before
    assert [one["name"] for one in contacts_numbered(staff.linked, "L900001")] == [
        "Imogen Made-Up (L900001)"
    ]
    assert "Is this" not in staff.invoices(learner)


def test_learner_who_takes_the_name_of_another_later_gets_a_unique_one(staff: Staff) -> None:
    staff.save(ticked=True, number="L900001")
    second = staff.save(ticked=True, number="L900002", given_name="Ben", email="b@example.com")
    staff.push()

    staff.save(second, ticked=True, number="L900002", email="b@example.com")
    staff.push()

    assert [one["name"] for one in contacts_numbered(staff.linked, "L900002")] == [
        "Imogen Made-Up (L900002)"
    ]
    assert set(ContactPush.objects.values_list("state", flat=True)) == {"DONE"}


def test_learner_who_takes_the_name_of_another_in_one_call_gets_a_unique_one(
    staff: Staff,
) -> None:
    for number in ("L900001", "L900002"):
        staff.save(ticked=True, number=number, email=f"{number}@example.com")
    staff.push()

    names = [contacts_numbered(staff.linked, n)[0]["name"] for n in ("L900001", "L900002")]
    assert sorted(names) == ["Imogen Made-Up", "Imogen Made-Up (L900002)"]
    assert set(ContactPush.objects.values_list("state", flat=True)) == {"DONE"}
