"""Archived contacts, restored ones, and those whose person asked to be forgotten."""

import pytest

from tests.support.learners import contacts_numbered
from tests.support.staff import Staff, change, contact_of, make_by_hand, raise_invoice, with_contact
from xero_sync.models import ContactPush
from xero_sync.store import link_decisions


def test_active_contact_wins_over_an_archived_one(staff: Staff) -> None:
    linked = staff.linked
    learner = staff.save(ticked=True)
    staff.push()
    old = contacts_numbered(linked, "L900001")[0]["contact_id"]
    # The pretend Xero keeps an archived contact's number from every other.
    change(linked, old, number="L1-old")
    linked.world.do("contacts", tenant=linked.tenant, act="archive", id=old)
    new = make_by_hand(linked, name="Imogen Made-Up", number="L900001")
    linked.sweep()
    before = contact_of(linked, old)

    staff.save(learner, ticked=True, email="new@example.com")
    staff.push()

    assert contact_of(linked, new)["email"] == "new@example.com"
    assert contact_of(linked, old) == before
    assert ContactPush.objects.get(learner=learner).state == "DONE"


def test_archived_contact_is_told_and_goes_on_by_itself_when_restored(staff: Staff) -> None:
    linked = staff.linked
    learner, mine = with_contact(staff)
    invoice = raise_invoice(linked, mine)
    linked.world.do("contacts", tenant=linked.tenant, act="archive", id=mine)
    linked.sweep()

    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()
    said = staff.invoices(learner)
    assert "The contact Imogen Made-Up is archived in Xero" in said
    assert "Restore it in Xero: the learner is sent by itself then." in said
    assert staff.shown(learner) == {invoice}
    assert len(contacts_numbered(linked, "L900001")) == 1

    linked.world.do("contacts", tenant=linked.tenant, act="restore", id=mine)
    linked.sweep()
    staff.push()

    assert contact_of(linked, mine)["phone"] == "0400 000 009"
    assert ContactPush.objects.get(learner=learner).state == "DONE"


def test_contact_archived_while_nobody_knew_is_told_in_words(staff: Staff) -> None:
    linked = staff.linked
    learner, mine = with_contact(staff)
    linked.world.do("contacts", tenant=linked.tenant, act="archive", id=mine)

    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()

    assert "Restore it in Xero" in staff.invoices(learner)
    assert ContactPush.objects.get(learner=learner).state == "PARKED"


def test_contact_renamed_in_xero_that_we_made_stays_the_learners(staff: Staff) -> None:
    linked = staff.linked
    learner, mine = with_contact(staff)
    invoice = raise_invoice(linked, mine)

    change(
        linked,
        mine,
        name="Somebody Else",
        given_name="Somebody",
        family_name="Else",
        email="else@example.com",
        number="",
    )
    linked.sweep()

    assert staff.shown(learner) == {invoice}
    assert "Is this" not in staff.invoices(learner)


def test_person_who_asked_to_be_forgotten_is_written_no_more_and_goes_on_to_show(
    staff: Staff,
) -> None:
    linked = staff.linked
    learner, mine = with_contact(staff)
    invoice = raise_invoice(linked, mine)
    linked.world.do("contacts", tenant=linked.tenant, act="erase", id=mine, name="Deleted contact")
    linked.sweep()
    before = contact_of(linked, mine)

    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()

    assert contact_of(linked, mine) == before
    assert len([one for one in linked.books()["contacts"] if "Made-Up" in one["name"]]) == 0
    said = staff.invoices(learner)
    assert "asked to be forgotten, so nothing is sent" in said
    assert staff.shown(learner) == {invoice}


def test_person_who_asked_to_be_forgotten_is_nobodys_candidate(staff: Staff) -> None:
    linked = staff.linked
    named = make_by_hand(linked, name="Imogen Made-Up", number="L900001")
    invoice = raise_invoice(linked, named)
    linked.world.do("contacts", tenant=linked.tenant, act="erase", id=named)
    linked.sweep()

    learner = staff.save(ticked=False)

    assert staff.shown(learner) == set()
    assert invoice not in staff.invoices(learner)
    assert "Is this" not in staff.invoices(learner)
    with pytest.raises(link_decisions.ContactErased):
        staff.link(learner, named)
