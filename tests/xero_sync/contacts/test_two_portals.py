"""Two portals on one organisation: neither writes over nor sees the other's contacts."""

import re

from tests.support import builders, xero
from tests.support.learners import contacts_numbered
from tests.support.staff import Staff, contact_of, raise_invoice, somebodys
from xero_sync.models import ContactPush


def test_confirming_page_says_what_two_portals_on_one_organisation_means(staff: Staff) -> None:
    manager = builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)
    browser = xero.Browser(staff.linked.world, manager)
    browser.connect()

    page = re.sub(r"\s+", " ", browser.get(xero.CHOOSE).content.decode())

    assert "already connected to another portal" in page
    assert "only to the contacts of its own learners, never to the contacts of the other" in page
    assert "a learner number that one has in Xero cannot be used by the other" in page


def test_two_portals_on_one_organisation_leave_each_others_contacts_alone(
    staff: Staff, neighbours: Staff
) -> None:
    ours = staff.save(ticked=True, number="1001")
    staff.push()
    invoice = raise_invoice(staff.linked, contacts_numbered(staff.linked, "1001")[0]["contact_id"])
    contact = contacts_numbered(staff.linked, "1001")[0]
    staff.linked.sweep()
    neighbours.linked.sweep()

    theirs = neighbours.save(ticked=True, number="1001", given_name="Ben", email="ben@example.com")
    neighbours.push()
    neighbours.linked.sweep()

    assert contact_of(staff.linked, contact["contact_id"]) == contact
    assert neighbours.shown(theirs) == set()
    said = neighbours.invoices(theirs)
    assert "taken by a contact of another portal" in said
    assert "Imogen" not in said
    assert staff.shown(ours) == {invoice}


def test_two_portals_with_the_same_person_leave_each_others_contacts_alone(
    staff: Staff, neighbours: Staff
) -> None:
    staff.save(ticked=True, number="1001", mobile="0400 000 001")
    staff.push()
    raise_invoice(staff.linked, contacts_numbered(staff.linked, "1001")[0]["contact_id"])
    contact = contacts_numbered(staff.linked, "1001")[0]

    # Not swept before: the neighbours' side learns of the contact from Xero's refusal.
    theirs = neighbours.save(ticked=True, number="1001", mobile="0400 000 002")
    neighbours.push()
    neighbours.linked.sweep()

    assert contact_of(staff.linked, contact["contact_id"]) == contact
    assert neighbours.shown(theirs) == set()
    assert "taken by a contact of another portal" in neighbours.invoices(theirs)


def test_contact_whose_reply_another_portal_lost_is_not_ours(
    staff: Staff, neighbours: Staff
) -> None:
    """Xero made it, and nobody here knows yet for whom, but its number was on its way."""
    staff.linked.world.fail("/api.xro/2.0/Contacts", method="PUT", cut="after")
    ours = staff.save(ticked=True, number="1001", mobile="0400 000 001")
    staff.linked.push()
    contact = contacts_numbered(staff.linked, "1001")[0]

    theirs = neighbours.save(ticked=True, number="1001", mobile="0400 000 002")
    neighbours.push()

    assert contact_of(staff.linked, contact["contact_id"]) == contact
    assert "taken by a contact of another portal" in neighbours.invoices(theirs)
    staff.push()
    assert ContactPush.objects.get(learner=ours).state == "DONE"
    # Sent again, with what it has: the reply that was lost might have been a refusal.
    now = contact_of(staff.linked, contact["contact_id"])
    assert {**now, "updated_utc": ""} == {**contact, "updated_utc": ""}


def test_contact_that_another_portal_makes_meanwhile_is_not_ours(
    staff: Staff, neighbours: Staff
) -> None:
    """Both portals found one contact by its number and name; who writes first keeps it."""
    theirs, invoice = somebodys(staff.linked)
    same = {
        "number": theirs["number"],
        "given_name": theirs["given_name"],
        "family_name": theirs["family_name"],
    }
    ours = staff.save(ticked=False, **same)
    assert invoice in staff.shown(ours)

    neighbour = neighbours.save(ticked=True, **same)
    neighbours.push()

    assert invoice in neighbours.shown(neighbour)
    assert staff.shown(ours) == set()


def test_contact_that_another_portals_push_lets_go_of_is_free(
    staff: Staff, neighbours: Staff
) -> None:
    """The neighbours were about to write to it, and found it archived."""
    theirs, invoice = somebodys(staff.linked)
    same = {
        "number": theirs["number"],
        "given_name": theirs["given_name"],
        "family_name": theirs["family_name"],
    }
    neighbours.save(ticked=True, **same)
    ours = staff.save(ticked=True, **same)
    staff.push()
    assert "taken by a contact of another portal" in staff.invoices(ours)

    staff.linked.world.do(
        "contacts", tenant=staff.linked.tenant, act="archive", id=theirs["contact_id"]
    )
    neighbours.push()
    staff.push()

    assert invoice in staff.shown(ours)
    assert "is archived in Xero" in staff.invoices(ours)
