"""What people do to links: they link, unlink, take back, undo, and lift another portal's hold."""

from uuid import UUID

import pytest

from invoices.models import ContactDecision, ContactLink, ContactLinkChange
from lrm.models import LearnerChange
from tests.support import builders, xero
from tests.support.learners import contacts_numbered
from tests.support.linked import clock
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
from xero_sync.contacts import link_acts
from xero_sync.models import ContactPush
from xero_sync.store import hold_releases, link_decisions


def test_linked_by_a_person_shows_and_is_kept_with_who(staff: Staff) -> None:
    theirs, invoice = somebodys(staff.linked)
    learner = staff.save(ticked=False)

    line = staff.link(learner, theirs["contact_id"])

    assert invoice in staff.shown(learner)
    assert (line.change, line.by, line.before) == (
        "MADE",
        staff.linked.manager,
        {"source": None, "evidence": "", "said": None},
    )
    change = LearnerChange.objects.filter(learner=learner).latest("id")
    assert (change.by, change.fields) == (staff.linked.manager, ["contact in Xero"])


def test_unlinked_contact_shows_no_more_and_is_never_written_again(staff: Staff) -> None:
    linked = staff.linked
    learner, mine = with_contact(staff)
    raise_invoice(linked, mine)
    linked.sweep()
    before = contact_of(linked, mine)

    staff.unlink(learner, mine)
    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()
    linked.sweep()

    assert staff.shown(learner) == set()
    assert contact_of(linked, mine) == before
    assert "the number L900001 is taken by somebody else" in staff.invoices(learner)


def test_unlinked_learner_with_another_number_gets_a_contact_of_its_own(staff: Staff) -> None:
    linked = staff.linked
    learner, mine = with_contact(staff)
    before = contact_of(linked, mine)

    staff.unlink(learner, mine)
    staff.save(learner, ticked=True, number="L900002")
    staff.push()

    assert contact_of(linked, mine) == before
    assert [one["name"] for one in contacts_numbered(linked, "L900002")] == [
        "Imogen Made-Up (L900002)"
    ]
    assert ContactPush.objects.get(learner=learner).state == "DONE"


def test_unlinked_while_the_push_is_under_way_stays_unlinked(staff: Staff) -> None:
    linked = staff.linked
    learner, mine = with_contact(staff)
    linked.world.fail("/api.xro/2.0/Contacts", method="POST", cut="after")
    staff.save(learner, ticked=True, mobile="0400 000 009")
    linked.push()
    assert ContactPush.objects.get(learner=learner).state == "SENT"

    staff.unlink(learner, mine)
    ContactPush.objects.update(leased_until=None)
    staff.push()

    assert not ContactLink.objects.filter(learner=learner).exists()


def test_contact_that_is_given_up_is_found_by_whom_it_belongs_to(staff: Staff) -> None:
    linked = staff.linked
    theirs, invoice = somebodys(linked)
    wrong = staff.save(ticked=True, number=theirs["number"])
    staff.push()
    staff.answer(wrong, theirs["contact_id"], "yes")
    staff.push()
    right = staff.save(ticked=True, number="L900002", given_name="Ann", email="a@example.com")

    staff.unlink(wrong, theirs["contact_id"])
    change(
        linked,
        theirs["contact_id"],
        name="Ann Made-Up (Geelong)",
        number="L900002",
        email="a@example.com",
    )
    linked.sweep()
    staff.push()

    assert invoice in staff.shown(right)
    assert staff.shown(wrong) == set()


def test_answer_taken_back_is_derived_anew(staff: Staff) -> None:
    theirs, invoice = somebodys(staff.linked)
    names = {"given_name": theirs["given_name"], "family_name": theirs["family_name"]}
    learner = staff.save(ticked=False, number=theirs["number"], **names)

    staff.unlink(learner, theirs["contact_id"])
    assert staff.shown(learner) == set()
    staff.clear(learner, theirs["contact_id"])

    assert invoice in staff.shown(learner)
    assert not ContactDecision.objects.exists()


def test_yes_taken_back_ends_the_link_and_asks_again(staff: Staff) -> None:
    theirs, _ = somebodys(staff.linked)
    learner = staff.save(ticked=False, number=theirs["number"])
    staff.answer(learner, theirs["contact_id"], "yes")

    line = staff.clear(learner, theirs["contact_id"])

    assert line.change == "ENDED"
    assert staff.shown(learner) == set()
    assert "Is this Imogen Made-Up?" in staff.invoices(learner)


def test_nothing_said_cannot_be_taken_back(staff: Staff) -> None:
    learner, mine = with_contact(staff)

    with pytest.raises(link_decisions.NothingToUndo):
        staff.clear(learner, mine)


def test_unlinking_is_undone_as_if_it_had_not_been(staff: Staff) -> None:
    linked = staff.linked
    learner, mine = with_contact(staff)
    invoice = raise_invoice(linked, mine)
    linked.sweep()

    line = staff.unlink(learner, mine)
    undone = staff.undo(line)
    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()

    link = ContactLink.objects.get(learner=learner)
    assert (link.source, link.evidence) == ("PUSHED", "MADE")
    assert not ContactDecision.objects.exists()
    assert staff.shown(learner) == {invoice}
    assert contact_of(linked, mine)["phone"] == "0400 000 009"

    staff.undo(undone)
    assert staff.shown(learner) == set()


def test_what_the_system_linked_is_undone_by_a_persons_no(staff: Staff) -> None:
    theirs, _ = somebodys(staff.linked)
    names = {"given_name": theirs["given_name"], "family_name": theirs["family_name"]}
    learner = staff.save(ticked=False, number=theirs["number"], **names)

    staff.undo(ContactLinkChange.objects.get(learner=learner))
    staff.linked.sweep()

    assert staff.shown(learner) == set()
    assert ContactDecision.objects.get().is_same_person is False


def test_merge_is_undone_by_a_person_and_stays_undone(staff: Staff) -> None:
    linked = staff.linked
    learner, loser = with_contact(staff)
    winner = make_by_hand(linked, name="I. Made-Up", email="imogen@example.com")
    raise_invoice(linked, winner)
    merge(linked, loser, winner)
    linked.sweep()
    line = ContactLinkChange.objects.get(learner=learner, contact_xero_id=winner)

    undone = staff.undo(line)
    linked.world.do(
        "contacts", tenant=linked.tenant, act="update", id=winner, email="i@example.com"
    )
    linked.sweep()
    assert staff.shown(learner) == set()

    staff.undo(undone)
    assert len(staff.shown(learner)) == 1
    assert ContactLink.objects.get(learner=learner, contact_xero_id=winner).evidence == "MERGED"


def test_only_the_newest_of_two_is_undone(staff: Staff) -> None:
    learner, mine = with_contact(staff)
    first = staff.unlink(learner, mine)
    staff.link(learner, mine)

    with pytest.raises(link_decisions.NothingToUndo):
        staff.undo(first)


def test_nobody_undoes_what_is_another_portals(staff: Staff) -> None:
    learner, mine = with_contact(staff)
    line = staff.unlink(learner, mine)
    stranger = builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)

    with pytest.raises(link_decisions.NothingToUndo):
        link_acts.undo(change_id=line.pk, by=stranger, now=clock())


def test_contact_of_another_portal_is_not_linked_until_that_one_is_gone(
    staff: Staff, neighbours: Staff
) -> None:
    linked = staff.linked
    theirs, contact_id = with_contact(neighbours)
    invoice = raise_invoice(linked, contact_id)
    linked.sweep()
    ours = staff.save(ticked=True)
    staff.push()
    assert "taken by a contact of another portal" in staff.invoices(ours)
    with pytest.raises(link_decisions.HeldByAnotherPortal):
        staff.link(ours, contact_id)
    with pytest.raises(hold_releases.PortalStillConnected):
        release(staff, contact_id)

    xero.Browser(linked.world, neighbours.linked.manager).post(xero.DISCONNECT)
    neighbours.linked.connection.refresh_from_db()
    assert neighbours.linked.connection.state == "DISCONNECTED_HERE"
    lines = release(staff, contact_id)
    staff.push()

    assert [(line.learner, line.by, line.by_name) for line in lines] == [
        (theirs, None, "Somebody of another portal")
    ]
    assert staff.shown(ours) == {invoice}
    assert ContactPush.objects.get(learner=ours).state == "DONE"


def release(staff: Staff, contact_id: str) -> list[ContactLinkChange]:
    return link_acts.release(
        organisation=staff.linked.organisation,
        contact_id=UUID(contact_id),
        by=staff.linked.manager,
        now=clock(),
    )
