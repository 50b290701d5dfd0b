"""Archived contacts, restored ones, and those whose person asked to be forgotten."""

from tests.support.learners import contacts_numbered
from tests.support.staff import Staff, contact_of, make_by_hand
from xero_sync.models import ContactPush


def test_active_contact_wins_over_an_archived_one(staff: Staff) -> None:
    linked = staff.linked
    learner = staff.save(ticked=True)
    staff.push()
    old = contacts_numbered(linked, "L900001")[0]["contact_id"]
    # The pretend Xero keeps an archived contact's number from every other.
    linked.world.do("contacts", tenant=linked.tenant, act="update", id=old, number="L1-old")
    linked.world.do("contacts", tenant=linked.tenant, act="archive", id=old)
    new = make_by_hand(linked, name="Imogen Made-Up", number="L900001")
    linked.sweep()
    before = contact_of(linked, old)

    staff.save(learner, ticked=True, email="new@example.com")
    staff.push()

    assert contact_of(linked, new)["email"] == "new@example.com"
    assert contact_of(linked, old) == before
    assert ContactPush.objects.get(learner=learner).state == "DONE"
