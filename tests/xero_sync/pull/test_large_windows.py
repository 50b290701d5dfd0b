"""Windows that are known to be too large for one list of Xero's are cut before it is asked for."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import simulator_process
from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import step_cuts

# A stand-in for Xero's 100,000, and for the 60,000 that the product takes for too many.
MOST_LISTED, LARGE = 300, 250


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator that refuses longer lists."""
    options = ("--no-limits", "--seed", "7", "--most-listed", str(MOST_LISTED))
    with simulator_process.running(*options) as url:
        yield url


def resync(linked: Linked) -> tuple[SyncRun, int]:
    """Re-sync everything; return the run and how many of its calls Xero refused."""
    run = ask(linked)
    seen: list[dict[str, Any]] = linked.world.show("calls")
    linked.work(run)
    made: list[dict[str, Any]] = linked.world.show("calls", since=seen[-1]["n"])
    return run, sum(one["status"] == 400 for one in made)


def test_large_window_is_refused_once_and_cut_beforehand_from_then_on(
    linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_cuts, "LARGE", LARGE)
    first, refused_at_first = resync(linked)
    assert (first.state, refused_at_first > 0) == (RunState.DONE, True)
    assert ours(linked) == theirs(linked)

    second, refused = resync(linked)

    assert (second.state, refused) == (RunState.DONE, 0)
    windows = list(second.steps.filter(resource="INVOICE").order_by("date_from"))
    assert len(windows) > 1
    assert all((one.item_count or 0) <= MOST_LISTED for one in windows)
    assert sum(one.item_count or 0 for one in windows) == sum(
        kind == "INVOICE" for kind, _ in theirs(linked)
    )
    assert ours(linked) == theirs(linked)


def test_number_that_is_large_lies_well_below_what_xero_lists() -> None:
    # Xero rejects lists of more than 100,000; more may be there than is stored here.
    assert 50_000 <= step_cuts.LARGE <= 90_000
