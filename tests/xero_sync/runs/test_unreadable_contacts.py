"""A contact for which Xero answers with an error keeps a re-sync of learners from no end."""

import pytest

from tests.support import resyncs, valkey_flush
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked
from xero_sync.models import RunLearner, RunState, SyncRun


@pytest.fixture
def verifying(linked: Linked) -> SyncRun:
    """A re-sync of three learners, whose contacts are in Xero and still to be read back."""
    linked.world.do("webhooks", enabled=False)
    resyncs.end_first(linked)
    for number, name in enumerate(("Ann", "Ben", "Cleo"), 1):
        save(linked, number=f"L91000{number}", given_name=name, email=f"{name}@example.com".lower())
    run = resyncs.ask_for_learners(linked)
    linked.work(run)
    linked.push()
    return run


def work_patiently(linked: Linked, run: SyncRun) -> SyncRun:
    """Work on a run to its end, without the pauses after a failure."""
    for _ in range(6):
        valkey_flush.forget_all()
        SyncRun.objects.filter(pk=run.pk).update(not_before=None)
        if not linked.work(run).is_open:
            break
    return run


def test_one_is_named_and_the_others_are_proved(linked: Linked, verifying: SyncRun) -> None:
    (broken,) = contacts_numbered(linked, "L910002")
    match = {"path": "/Contacts$", "holds": broken["contact_id"]}
    linked.world.do("faults", match=match, times=-1, answer={"status": 500})

    work_patiently(linked, verifying)

    assert verifying.state == RunState.DONE_WITH_PROBLEMS
    problems = dict(RunLearner.objects.values_list("learner__number", "problem"))
    assert problems == {
        "L910001": "",
        "L910002": "Xero answers with an error when it is asked for the contact",
        "L910003": "",
    }


def test_outage_is_waited_for(linked: Linked, verifying: SyncRun) -> None:
    linked.world.fail("/Contacts", times=-1, status=500)

    work_patiently(linked, verifying)

    assert verifying.is_open
    assert "Xero is not answering" in verifying.reason
    linked.world.heal()
    work_patiently(linked, verifying)
    assert verifying.state == RunState.DONE
