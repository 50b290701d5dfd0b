"""What Xero was told is forgotten while in doubt; a portal's worker sends its own learners."""

from tests.support.learners import contacts_numbered
from tests.support.staff import Staff
from xero_sync.models import ContactPush, PushState


def emails(staff: Staff, number: str) -> list[str]:
    """Return the addresses that Xero has under a number."""
    return [one["email"] for one in contacts_numbered(staff.linked, number)]


def test_what_was_changed_back_is_sent_again_where_a_reply_was_lost(staff: Staff) -> None:
    learner = staff.save(ticked=True, number="1001", email="first@example.com")
    staff.push()
    staff.save(learner, ticked=True, number="1001", email="second@example.com")
    staff.linked.world.fail("/api.xro/2.0/Contacts", method="POST", cut="after")
    staff.linked.push()
    assert emails(staff, "1001") == ["second@example.com"]

    staff.save(learner, ticked=True, number="1001", email="first@example.com")
    staff.push()

    assert emails(staff, "1001") == ["first@example.com"]


def test_worker_of_one_portal_sends_no_learner_of_another(staff: Staff, neighbours: Staff) -> None:
    staff.save(ticked=True, number="1001")
    theirs = neighbours.save(ticked=True, number="2001", email="two@example.com")

    staff.push()

    assert emails(staff, "1001") == ["imogen@example.com"]
    assert emails(staff, "2001") == []
    assert ContactPush.objects.get(learner=theirs).state == PushState.PENDING
