"""What accounts change in Xero meanwhile: links and pushes follow."""

from pytest_django.fixtures import Settings

from tests.support import webhook_posts
from tests.support.linked import Linked
from tests.support.staff import Staff, change, contact_of, somebodys
from xero_sync.models import ContactPush


def test_webhook_that_tells_of_a_new_name_ends_the_link(linked: Linked, settings: Settings) -> None:
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    staff = Staff(linked)
    theirs, invoice = somebodys(linked)
    names = {"given_name": theirs["given_name"], "family_name": theirs["family_name"]}
    learner = staff.save(ticked=False, number=theirs["number"], **names)
    assert invoice in staff.shown(learner)

    change(
        linked,
        theirs["contact_id"],
        name="Somebody Else",
        given_name="Somebody",
        family_name="Else",
        email="else@example.com",
    )
    webhook_posts.deliver(webhook_posts.event(linked, "CONTACT", theirs["contact_id"]))
    linked.take_events()

    assert staff.shown(learner) == set()
    assert "Somebody Else" in staff.invoices(learner)


def test_link_found_again_when_xero_corrects_the_contact(staff: Staff) -> None:
    theirs, invoice = somebodys(staff.linked)
    learner = staff.save(ticked=True, number=theirs["number"])
    staff.push()
    assert staff.shown(learner) == set()

    change(
        staff.linked,
        theirs["contact_id"],
        email="imogen@example.com",
    )
    staff.linked.sweep()
    staff.push()

    assert invoice in staff.shown(learner)
    assert ContactPush.objects.get(learner=learner).state == "DONE"
    assert contact_of(staff.linked, theirs["contact_id"])["name"] == "Imogen Made-Up"


def test_contact_changed_in_xero_meanwhile_is_not_written_over(staff: Staff) -> None:
    """The mirror is behind: what is there now is looked at before the first write."""
    linked = staff.linked
    theirs, _ = somebodys(linked)
    names = {"given_name": theirs["given_name"], "family_name": theirs["family_name"]}
    change(
        linked,
        theirs["contact_id"],
        name="Somebody Else",
        given_name="Somebody",
        family_name="Else",
        email="else@example.com",
    )
    now = contact_of(linked, theirs["contact_id"])

    learner = staff.save(ticked=True, number=theirs["number"], **names)
    staff.push()

    assert contact_of(linked, theirs["contact_id"]) == now
    assert ContactPush.objects.get(learner=learner).state == "QUESTION"
