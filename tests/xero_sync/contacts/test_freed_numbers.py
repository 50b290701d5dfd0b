"""Xero frees the number of a contact that it merges: whom it was linked to by number follows."""

import pytest

from invoices.models import ContactLink
from lrm.models import Learner
from tests.support.staff import (
    Staff,
    change,
    contact_of,
    make_by_hand,
    merge,
    raise_invoice,
    somebodys,
    with_contact,
)
from xero_sync.models import ContactPush


@pytest.fixture
def found(staff: Staff) -> tuple[Learner, str, str]:
    """A learner who is linked by number and name, the contact, and its invoice."""
    staff.linked.sweep()
    theirs, invoice = somebodys(staff.linked)
    names = {"given_name": theirs["given_name"], "family_name": theirs["family_name"]}
    learner = staff.save(ticked=False, number=theirs["number"], email="", **names)
    assert invoice in staff.shown(learner)
    return learner, theirs["contact_id"], invoice


@pytest.mark.parametrize("number", ["freed", "moves"])
def test_learner_follows_to_the_winner_and_no_second_contact_is_made(
    staff: Staff, found: tuple[Learner, str, str], number: str
) -> None:
    linked, (learner, loser, invoice) = staff.linked, found
    winner = make_by_hand(linked, name=f"{learner.family_name}, {learner.given_name} (Geelong)")
    own = raise_invoice(linked, winner)
    merge(linked, loser, winner, number=number)
    linked.sweep()
    assert {invoice, own} <= staff.shown(learner)
    names = {"given_name": learner.given_name, "family_name": learner.family_name}
    change(linked, winner, email="mine@example.com")
    before = len(linked.books()["contacts"])

    staff.save(learner, ticked=True, number=learner.number, email="mine@example.com", **names)
    linked.sweep()
    staff.push()

    assert len(linked.books()["contacts"]) == before
    assert ContactPush.objects.get(learner=learner).state == "DONE"
    assert contact_of(linked, winner)["number"] == learner.number


def test_winner_that_is_another_learners_is_a_question(
    staff: Staff, found: tuple[Learner, str, str]
) -> None:
    linked, (learner, loser, _) = staff.linked, found
    ben, bens = with_contact(staff, "L900002", given_name="Ben", email="ben@example.com")
    invoice = raise_invoice(linked, bens)

    merge(linked, loser, bens, number="freed")
    linked.sweep()

    assert "somebody merged the contact of" in staff.invoices(learner)
    assert invoice not in staff.shown(learner)
    assert invoice in staff.shown(ben)


def test_learner_who_gets_another_number_follows_no_more(
    staff: Staff, found: tuple[Learner, str, str]
) -> None:
    """It is the number by which it was linked that counts on, and nothing else."""
    linked, (learner, loser, _) = staff.linked, found
    winner = make_by_hand(linked, name="Wattle Household")
    raise_invoice(linked, winner)
    merge(linked, loser, winner, number="freed")
    linked.sweep()
    assert staff.shown(learner)
    names = {"given_name": learner.given_name, "family_name": learner.family_name}

    staff.save(learner, ticked=False, number="L900077", email="", **names)

    assert staff.shown(learner) == set()
    assert not ContactLink.objects.filter(learner=learner).exists()


def test_contact_that_is_restored_without_its_number_is_nobodys(
    staff: Staff, found: tuple[Learner, str, str]
) -> None:
    linked, (learner, loser, _) = staff.linked, found
    merge(linked, loser, make_by_hand(linked, name="Wattle Household"), number="freed")
    linked.sweep()
    assert ContactLink.objects.filter(learner=learner).count() == 2

    linked.world.do("contacts", tenant=linked.tenant, act="restore", id=loser)
    linked.sweep()

    assert not ContactLink.objects.filter(learner=learner).exists()
