"""/readyz tells operators how long things have waited."""

from tests import builders
from tests.xero_sync.conftest import Linked
from tests.xero_sync.test_pushes import save


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
