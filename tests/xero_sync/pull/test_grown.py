"""A list that grows past what Xero lists at once while it is walked."""

from datetime import timedelta

import pytest

from tests.support.faults import REFUSED
from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask, log
from tests.support.xero_documents import invoices
from xero_sync.models import RunState
from xero_sync.runs import run_progress


@pytest.fixture(scope="session")
def simulator_url(small_pages_url: str) -> str:
    """Let Xero's pages be small."""
    return small_pages_url


@pytest.mark.parametrize("pages", [1, 4])
def test_list_that_is_refused_half_way_is_read_in_parts(known: Linked, pages: int) -> None:
    known.world.fail("/2.0/Invoices", times=pages, delay_seconds=0)
    run = ask(known)
    # The whole window, which ends before the day after its last, and none of its parts.
    ends_before = run.date_to + timedelta(days=1)
    whole = f"DateTime.{run.date_from.year},.*DateTime.{ends_before.year},"
    match = {"path": "/2.0/Invoices", "query": whole}
    known.world.do("faults", match=match, times=-1, answer={"status": 400, "body": REFUSED})

    run = known.work(run)

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert "Invoices: reading what is newer than" in log(run)
    first, second = run.steps.filter(resource="INVOICE").order_by("date_from")
    assert (first.date_from, second.date_to) == (run.date_from, run.date_to)
    figures = run_progress.progress_of(run).kinds[0]
    assert figures.read == figures.total == len(invoices(known))
    assert ours(known) == theirs(known)


def test_list_that_is_refused_half_way_however_short_ends_the_turn(known: Linked) -> None:
    known.world.fail("/2.0/Invoices", times=1, delay_seconds=0)
    known.world.fail("/2.0/Invoices", times=-1, status=400, body=REFUSED)
    before = known.world.calls("2.0/invoices")

    run = known.work(ask(known))

    assert run.state == RunState.PAUSED
    assert known.world.calls("2.0/invoices") - before < 40
