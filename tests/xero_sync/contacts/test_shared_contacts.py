"""Contacts of several learners, and learners with several contacts."""

from invoices.models import ContactLink, LinkSource
from tests.support.learners import contacts_numbered
from tests.support.linked import clock
from tests.support.staff import Staff, contact_of
from xero_sync.models import ContactPush


def test_contact_of_two_learners_is_named_once_and_written_by_one(staff: Staff) -> None:
    """As the release before left it: a number handed on linked both to one contact."""
    linked = staff.linked
    first = staff.save(ticked=True)
    staff.push()
    mine = contacts_numbered(linked, "L900001")[0]["contact_id"]
    second = staff.save(ticked=False, number="L900002", given_name="Ben", email="b@example.com")
    ContactLink.objects.create(
        learner=second,
        organisation=linked.organisation,
        contact_xero_id=mine,
        source=LinkSource.PUSHED,
        created_at=clock(),
    )

    staff.save(first, ticked=True, mobile="0400 000 009")
    staff.save(second, ticked=True, number="L900002", given_name="Ben", email="b@example.com")
    staff.push()

    contact = contact_of(linked, mine)
    assert (contact["name"], contact["number"]) == ("Imogen Made-Up", "L900001")
    states = dict(ContactPush.objects.values_list("learner", "state"))
    assert states == {first.pk: "DONE", second.pk: "PARKED"}
    assert "a contact follows one learner only" in staff.invoices(second)
