"""Contacts of several learners, and learners with several contacts."""

from invoices.models import ContactLink, LinkSource
from tests.support.learners import contacts_numbered
from tests.support.linked import clock
from tests.support.staff import Staff, contact_of, make_by_hand, raise_invoice, with_contact
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


def test_contact_that_learners_share_shows_to_each_and_takes_nobodys_name(staff: Staff) -> None:
    linked = staff.linked
    employer = make_by_hand(linked, name="Wattle Builders", email="office@wattle.example")
    invoice = raise_invoice(linked, employer)
    linked.sweep()
    before = contact_of(linked, employer)
    people = [
        staff.save(ticked=False, number=f"L90000{n}", given_name=name, email=f"{n}@example.com")
        for n, name in enumerate(("Ann", "Ben"), start=1)
    ]
    for learner in people:
        staff.link(learner, employer)

    for n, name in enumerate(("Ann", "Ben"), start=1):
        staff.save(
            people[n - 1],
            ticked=True,
            number=f"L90000{n}",
            given_name=name,
            email=f"{n}@example.com",
        )
    staff.push()

    assert [staff.shown(learner) for learner in people] == [{invoice}, {invoice}]
    assert contact_of(linked, employer) == before
    own = [contacts_numbered(linked, f"L90000{n}")[0]["name"] for n in (1, 2)]
    assert own == ["Ann Made-Up", "Ben Made-Up"]
    assert set(ContactPush.objects.values_list("state", flat=True)) == {"DONE"}


def test_learner_with_several_contacts_sees_all_and_writes_its_own(staff: Staff) -> None:
    linked = staff.linked
    learner, mine = with_contact(staff)
    employer = make_by_hand(linked, name="Wattle Builders")
    invoices = {raise_invoice(linked, mine), raise_invoice(linked, employer)}
    linked.sweep()
    before = contact_of(linked, employer)

    staff.link(learner, employer)
    staff.save(learner, ticked=True, mobile="0400 000 009")
    staff.push()

    assert staff.shown(learner) == invoices
    assert contact_of(linked, employer) == before
    assert contact_of(linked, mine)["phone"] == "0400 000 009"
