"""Contacts that accounts merge in Xero: learners, their documents and their pushes follow."""

import re

import pytest
from pytest_django.fixtures import Settings

from invoices.models import Contact, ContactLink, ContactLinkChange
from lrm.models import Learner
from tests.support import webhook_posts
from tests.support.linked import Linked
from tests.support.staff import (
    Staff,
    change,
    contact_of,
    make_by_hand,
    merge,
    raise_invoice,
    with_contact,
)
from xero_sync.models import ContactPush


def history(learner: Learner) -> list[tuple[str, str]]:
    lines = ContactLinkChange.objects.filter(learner=learner).order_by("id")
    return list(lines.values_list("change", "why"))


def test_learners_page_shows_the_winners_documents_after_a_merge(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    other, _ = with_contact(staff, "L900002", given_name="Ben", email="ben@example.com")
    winner = make_by_hand(linked, name="I. Made-Up (Geelong)", email="imogen@example.com")
    before, own = raise_invoice(linked, loser), raise_invoice(linked, winner)
    linked.sweep()
    assert staff.shown(learner) == {before}

    merge(linked, loser, winner)
    linked.sweep()

    assert staff.shown(learner) == {before, own}
    assert staff.shown(other) == set()
    assert "Is this" not in staff.invoices(learner)
    assert history(learner)[-1] == ("MADE", "Xero merged a contact of this learner into this one")


@pytest.mark.parametrize(
    ("how", "number"), [("stays", ""), ("moves", "L900001"), ("freed", "L900001")]
)
def test_push_goes_to_the_winner_and_writes_nothing_else(
    staff: Staff, how: str, number: str
) -> None:
    """What becomes of the loser's number is not documented; where it stays, nobody gets it."""
    linked = staff.linked
    learner, loser = with_contact(staff)
    winner = make_by_hand(linked, name="I. Made-Up (Geelong)", email="imogen@example.com")
    merge(linked, loser, winner, number=how)
    linked.sweep()
    before = {one["contact_id"]: one for one in linked.books()["contacts"]}

    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()

    after = {one["contact_id"]: one for one in linked.books()["contacts"]}
    assert [one for one in after if after[one] != before.get(one)] == [winner]
    written = after[winner]
    assert (written["name"], written["number"]) == ("Imogen Made-Up", number)
    assert ContactPush.objects.get(learner=learner).state == "DONE"


def test_push_that_meets_a_merge_in_xero_goes_on_to_the_winner(staff: Staff) -> None:
    """Nothing was swept since: Xero's refusal tells of it."""
    linked = staff.linked
    learner, loser = with_contact(staff)
    winner = make_by_hand(linked, name="I. Made-Up (Geelong)", email="imogen@example.com")
    merge(linked, loser, winner)

    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()

    assert contact_of(linked, winner)["name"] == "Imogen Made-Up"
    assert ContactPush.objects.get(learner=learner).state == "DONE"


def test_push_that_the_release_before_parked_goes_on_by_itself(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    winner = make_by_hand(linked, name="I. Made-Up (Geelong)", email="imogen@example.com")
    ContactPush.objects.update(state="PARKED", problem="The contact is archived", sent_digest=None)

    merge(linked, loser, winner)
    linked.sweep()
    staff.push()

    assert contact_of(linked, winner)["name"] == "Imogen Made-Up"
    assert ContactPush.objects.get(learner=learner).state == "DONE"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_chain_is_followed_to_its_end_in_whichever_order_it_is_told(
    linked: Linked, settings: Settings, order: tuple[int, int]
) -> None:
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    staff = Staff(linked)
    learner, first = with_contact(staff)
    second = make_by_hand(linked, name="I. Made-Up", email="imogen@example.com")
    third = make_by_hand(linked, name="Made-Up Household", email="imogen@example.com")
    invoices = [raise_invoice(linked, each) for each in (first, second, third)]
    linked.sweep()
    stays = [one["xero_id"] for one in linked.books()["documents"] if one["number"] == invoices[1]]

    merge(linked, first, second)
    merge(linked, second, third, documents_stay=stays)
    for at in order:
        contact_id = (first, second)[at]
        webhook_posts.deliver(webhook_posts.event(linked, "CONTACT", contact_id))
        linked.take_events()
    linked.sweep()

    assert staff.shown(learner) == set(invoices)
    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()
    assert contact_of(linked, third)["name"] == "Imogen Made-Up"
    assert ContactPush.objects.get(learner=learner).state == "DONE"


def test_winner_that_is_not_stored_yet_is_asked_for(linked: Linked, settings: Settings) -> None:
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    staff = Staff(linked)
    learner, loser = with_contact(staff)
    winner = make_by_hand(linked, name="I. Made-Up", email="imogen@example.com")

    merge(linked, loser, winner)
    webhook_posts.deliver(webhook_posts.event(linked, "CONTACT", loser))
    linked.take_events()

    links = ContactLink.objects.filter(learner=learner).values_list("contact_xero_id", "evidence")
    assert {str(contact_id): evidence for contact_id, evidence in links} == {
        loser: "MADE",
        winner: "MERGED",
    }


def test_documents_that_did_not_move_go_on_to_show(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    winner = make_by_hand(linked, name="I. Made-Up", email="imogen@example.com")
    invoices = {raise_invoice(linked, loser), raise_invoice(linked, winner)}

    merge(linked, loser, winner, documents_stay=True)
    linked.sweep()

    assert staff.shown(learner) == invoices


def test_merge_into_another_learners_contact_asks_and_shows_nothing(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    ben, bens = with_contact(staff, "L900002", given_name="Ben", email="ben@example.com")
    invoice = raise_invoice(linked, bens)

    merge(linked, loser, bens)
    linked.sweep()
    written = contact_of(linked, bens)
    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()

    said = staff.invoices(learner)
    assert "somebody merged the contact of Imogen Made-Up into this one" in said
    assert "Ben Made-Up" in said
    assert staff.shown(learner) == set()
    assert staff.shown(ben) == {invoice}
    assert contact_of(linked, bens) == written
    assert ContactPush.objects.get(learner=learner).state == "QUESTION"


def test_yes_to_another_learners_contact_shows_it_to_both_and_writes_it_for_neither(
    staff: Staff,
) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    ben, bens = with_contact(staff, "L900002", given_name="Ben", email="ben@example.com")
    invoice = raise_invoice(linked, bens)
    merge(linked, loser, bens)
    linked.sweep()
    written = contact_of(linked, bens)

    staff.answer(learner, bens, "yes")
    staff.push()

    assert staff.shown(learner) == staff.shown(ben) == {invoice}
    assert contact_of(linked, bens) == written
    assert "was merged into another in Xero" in staff.invoices(learner)


def test_no_to_a_merge_is_remembered(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    _, bens = with_contact(staff, "L900002", given_name="Ben", email="ben@example.com")
    merge(linked, loser, bens)
    linked.sweep()

    staff.answer(learner, bens, "no")
    change(linked, bens, email="b@example.com")
    linked.sweep()

    assert "Is this" not in staff.invoices(learner)
    assert staff.shown(learner) == set()


def test_two_learners_contacts_merged_into_a_third_ask_for_both(staff: Staff) -> None:
    """Else each would see the other's invoices."""
    linked = staff.linked
    people = [
        with_contact(staff, f"L90000{n}", given_name=name, email=f"{name}@example.com")
        for n, name in enumerate(("Ann", "Ben"), start=1)
    ]
    third = make_by_hand(linked, name="Made-Up Household")
    for _, contact_id in people:
        raise_invoice(linked, contact_id)
        merge(linked, contact_id, third)
        linked.sweep()

    for learner, _ in people:
        assert staff.shown(learner) == set()
        assert "Made-Up Household" in staff.invoices(learner)


def test_winner_with_the_number_of_another_learner_asks_until_that_changes(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    winner = make_by_hand(linked, name="I. Made-Up", number="L900002", email="imogen@example.com")
    invoice = raise_invoice(linked, winner)
    ben = staff.save(ticked=False, number="L900002", given_name="Ben", email="ben@example.com")

    merge(linked, loser, winner)
    linked.sweep()
    assert staff.shown(learner) == staff.shown(ben) == set()
    assert "has the number of one" in staff.invoices(learner)

    staff.save(ben, ticked=False, number="L900003", given_name="Ben", email="ben@example.com")

    assert staff.shown(learner) == {invoice}
    assert staff.shown(ben) == set()


def test_winner_that_does_not_agree_shows_but_is_not_written_before_a_yes(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    winner = make_by_hand(linked, name="Ravi Ito", email="ravi@example.com")
    invoice = raise_invoice(linked, winner)
    merge(linked, loser, winner)
    linked.sweep()
    before = contact_of(linked, winner)

    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()
    assert contact_of(linked, winner) == before
    assert staff.shown(learner) == {invoice}
    assert "neither its name nor its e-mail address agrees" in staff.invoices(learner)

    staff.answer(learner, winner, "yes")
    staff.push()
    assert contact_of(linked, winner)["name"] == "Imogen Made-Up"
    assert ContactPush.objects.get(learner=learner).state == "DONE"


def test_merge_that_is_undone_in_xero_ends_the_link(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    winner = make_by_hand(linked, name="I. Made-Up", email="imogen@example.com")
    own = raise_invoice(linked, winner)
    merge(linked, loser, winner)
    linked.sweep()
    assert staff.shown(learner) == {own}

    linked.world.do("contacts", tenant=linked.tenant, act="restore", id=loser)
    linked.sweep()

    assert staff.shown(learner) == set()
    assert history(learner)[-1] == (
        "ENDED",
        "No contact of this learner is merged into this one any more",
    )


def test_merge_into_a_contact_of_another_portal_is_told_without_saying_whose(
    staff: Staff, neighbours: Staff
) -> None:
    linked = staff.linked
    theirs, winner = with_contact(neighbours, "L900009", given_name="Zora", email="z@example.com")
    learner, loser = with_contact(staff)
    invoice = raise_invoice(linked, winner)
    merge(linked, loser, winner)
    linked.sweep()
    neighbours.linked.sweep()
    before = contact_of(linked, winner)

    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()

    said = staff.invoices(learner)
    assert "into one that belongs to a learner of another portal" in said
    assert "Zora" not in said
    assert not re.search("Yes, this is", said)
    assert staff.shown(learner) == set()
    assert neighbours.shown(theirs) == {invoice}
    assert contact_of(linked, winner) == before

    answered = staff.answer(learner, winner, "no").content.decode()
    assert f"Saved: this is not {learner}." in answered
    assert "Zora" not in answered
    ours = Contact.objects.get(organisation=linked.organisation, xero_id=loser)
    history = "/settings/connected-apps/xero/contacts/history/"
    for address in (
        *(history, f"{history}{learner.pk}.{winner}/", f"{history}.{winner}/"),
        f"/contacts/{ours.pk}/",
    ):
        page = staff.client.get(address)
        assert page.status_code == 200
        assert "Zora" not in page.content.decode()
    assert (
        "a contact of another portal&#x27;s learner" in staff.client.get(history).content.decode()
    )


def test_learners_who_shared_a_contact_share_the_winner(staff: Staff) -> None:
    linked = staff.linked
    employer = make_by_hand(linked, name="Wattle Builders")
    successor = make_by_hand(linked, name="Wattle Builders Group")
    linked.sweep()
    people = [
        staff.save(ticked=False, number=f"L90000{n}", email=f"{n}@example.com") for n in (1, 2)
    ]
    for learner in people:
        staff.link(learner, employer)
    invoices = {raise_invoice(linked, employer), raise_invoice(linked, successor)}

    merge(linked, employer, successor)
    linked.sweep()

    assert [staff.shown(learner) for learner in people] == [invoices, invoices]
