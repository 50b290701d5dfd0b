"""A learner over whom Xero stumbles, with a 500 or in silence, holds up no other."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from lrm.models import Learner, Notice
from tests.support import builders, valkey_flush
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked, clock
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, Cursor, PushState

ROUNDS = 12


def _ahead_by(by: timedelta) -> datetime:
    return clock() + by


def push_for_an_hour(linked: Linked, *, hours: int = 0) -> None:
    """Let workers take a turn whenever something is due, for an hour, after so many hours."""
    for number in range(ROUNDS):
        ahead = timedelta(hours=2 * hours, minutes=6 * number)
        valkey_flush.forget_all()
        linked.world.do("clock", advance_seconds=61)
        for _ in range(20):
            delay = push_queue.push_waiting(
                portal_id=linked.portal.pk, clock=partial(_ahead_by, ahead)
            )
            if delay is None:
                break
            if delay.total_seconds() > 0:
                # As beat does before it is due again.
                push_queue.push_waiting(portal_id=linked.portal.pk, clock=partial(_ahead_by, ahead))
                break


def stumble_over(linked: Linked, name: str, answer: dict[str, object]) -> None:
    """Let Xero fail whenever a contact of this name is written."""
    for method in ("PUT", "POST"):
        match = {"path": "/Contacts$", "method": method, "sent": name}
        linked.world.do("faults", match=match, times=-1, answer=answer)


def saved(linked: Linked, number: int) -> Learner:
    """Save a learner; the third is the one at whom Xero stumbles."""
    family = "Broken" if number == 2 else f"Acacia{number}"
    return save(
        linked,
        number=f"L90{number:04}",
        given_name="Robin",
        family_name=family,
        email=f"robin{number}@example.com",
    )


def problem_of(learner: Learner) -> str:
    """Return what the push of a learner says."""
    return ContactPush.objects.values_list("problem", flat=True).get(learner=learner)


def sweep_contacts(linked: Linked) -> None:
    """Let contacts have been read just before any of the hours of a test."""
    Cursor.objects.filter(resource="CONTACT").update(
        problem="", last_swept_at=clock() + timedelta(days=1)
    )


@pytest.mark.parametrize("answer", [{"status": 500}, {"cut": "before"}])
def test_others_become_contacts(linked: Linked, answer: dict[str, object]) -> None:
    learners = [saved(linked, number) for number in range(7)]
    stumble_over(linked, "Broken", answer)

    push_for_an_hour(linked)

    found = [len(contacts_numbered(linked, one.number)) for one in learners]
    assert found == [1, 1, 0, 1, 1, 1, 1]
    states = dict(ContactPush.objects.values_list("learner__family_name", "state"))
    assert states.pop("Broken") in (PushState.PENDING, PushState.SENT)
    assert set(states.values()) == {PushState.DONE}
    linked.world.heal()
    push_for_an_hour(linked, hours=1)
    assert len(contacts_numbered(linked, learners[2].number)) == 1


def test_who_fails_alone_is_told_of_while_xero_answers(linked: Linked) -> None:
    learners = [saved(linked, number) for number in range(3)]
    stumble_over(linked, "Broken", {"status": 500})

    push_for_an_hour(linked)
    assert "Xero is not answering at the moment" in problem_of(learners[2])
    assert not Notice.objects.exists()
    for hours in (1, 2):
        sweep_contacts(linked)
        push_for_an_hour(linked, hours=hours)

    assert "Xero answers with an error, or not at all, whenever it is sent this learner" in (
        problem_of(learners[2])
    )
    (text,) = Notice.objects.filter(user=linked.manager).values_list("text", flat=True)
    assert text.startswith("Robin Broken (L900002) could not be sent to Xero: Xero answers with an")
    page = builders.client_of(linked.manager).get(f"/learners/{learners[2].pk}/")
    assert "Xero answers with an error, or not at all" in page.content.decode()
    linked.world.heal()
    push_for_an_hour(linked, hours=3)
    assert problem_of(learners[2]) == ""
    assert len(contacts_numbered(linked, learners[2].number)) == 1


def test_nobody_is_told_of_an_outage(linked: Linked) -> None:
    learner = saved(linked, 2)
    sweep_contacts(linked)
    Cursor.objects.update(problem="Xero is not answering")
    linked.world.fail("/Contacts$", times=-1, status=500)

    for hours in range(2):
        push_for_an_hour(linked, hours=hours)

    assert "Xero is not answering at the moment" in problem_of(learner)
    assert not Notice.objects.exists()


def test_others_are_updated(linked: Linked) -> None:
    learners = [saved(linked, number) for number in range(7)]
    linked.push()
    stumble_over(linked, "Broken", {"status": 500})

    for learner in learners:
        save(
            linked,
            learner,
            number=learner.number,
            given_name="Robyn",
            family_name=learner.family_name,
            email=learner.email,
        )
    push_for_an_hour(linked)

    names = {one.number: contacts_numbered(linked, one.number)[0]["name"] for one in learners}
    assert names.pop(learners[2].number) == "Robin Broken"
    assert all(name.startswith("Robyn") for name in names.values())


def test_who_comes_later_is_not_held_up(linked: Linked) -> None:
    for number in range(4):
        saved(linked, number)
    stumble_over(linked, "Broken", {"status": 500})
    linked.push()

    later = saved(linked, 5)
    linked.push()

    assert len(contacts_numbered(linked, later.number)) == 1


def test_many_go_together_again_soon_after_an_outage(linked: Linked) -> None:
    learners = [saved(linked, number) for number in range(60)]
    linked.world.fail("/Contacts$", method="PUT", times=-1, status=500)
    push_for_an_hour(linked)
    linked.world.heal()
    before = linked.world.calls("/contacts", "PUT")

    push_for_an_hour(linked, hours=1)

    assert all(len(contacts_numbered(linked, one.number)) == 1 for one in learners)
    assert linked.world.calls("/contacts", "PUT") - before <= 10
