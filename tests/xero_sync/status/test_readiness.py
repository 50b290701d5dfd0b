"""/readyz tells operators how long things have waited."""

from connected_apps.models import Connection
from tests.support import builders
from tests.support.learners import save
from tests.support.linked import Linked
from xero_sync.status import readiness


def test_readyz_tells_the_age_of_queues_and_sweeps(linked: Linked) -> None:
    before = builders.client_of(None).get("/readyz").json()["checks"]

    linked.sweep()
    save(linked)
    after = builders.client_of(None).get("/readyz").json()["checks"]

    assert before["xero_sync"]["runs"] >= 0
    assert before["xero_sync"]["sweeps"]["INVOICE"] is None
    assert after["xero_sync"]["runs"] is None
    assert after["xero_sync"]["sweeps"]["INVOICE"] >= 0
    assert after["xero_sync"]["pushes"] >= 0
    assert after["xero_sync"]["deliveries"] is None


def test_what_waits_for_a_person_is_not_the_workers_delay(linked: Linked) -> None:
    save(linked)
    Connection.objects.update(state="DISCONNECTED_HERE")

    ages = readiness.ages()

    assert (ages["runs"], ages["runs_stalled"], ages["pushes"]) == (None, 0, None)
