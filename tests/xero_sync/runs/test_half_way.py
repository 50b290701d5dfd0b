"""Re-syncs that are interrupted half-way: what changed meanwhile is not missed, nor read twice."""

import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from invoices.models import Document
from tests.support import simulator_process
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask
from tests.support.xero_documents import open_invoice
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import resumption, run_requests

PAGE = 100


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator whose lists have several pages."""
    options = ("--no-limits", "--seed", "7", "--max-page-size", str(PAGE))
    with simulator_process.running(*options) as url:
        yield url


def go_on(linked: Linked, run: SyncRun) -> SyncRun:
    """Let a run that waits go on at once."""
    linked.world.heal()
    SyncRun.objects.filter(pk=run.pk).update(not_before=None)
    return linked.work(run)


def listed(linked: Linked, *, since: int) -> list[int]:
    """Return the pages that were asked for of the invoices of a range, in order."""
    asked: list[dict[str, Any]] = linked.world.show("calls", since=since)
    lists = [parse_qs(one["query"]) for one in asked if one["path"].endswith("/Invoices")]
    return sorted(int(one["page"][0]) for one in lists if "DateTime(" in one["where"][0])


def number_of_calls(linked: Linked) -> int:
    """Return the number of the latest call."""
    calls: list[dict[str, Any]] = linked.world.show("calls")
    return int(calls[-1]["n"])


@pytest.mark.parametrize("act", ["pay", "void", "set_reference"])
def test_invoice_that_changes_after_it_was_read_is_caught_before_the_end(
    linked: Linked, act: str
) -> None:
    linked.world.fail("/api.xro/2.0/CreditNotes", named="maintenance")
    run = linked.work(ask(linked))
    assert run.state == RunState.PAUSED
    assert run.steps.get(resource="INVOICE").done_at is not None
    invoice_id = next(
        one["xero_id"]
        for one in linked.books()["documents"]
        if one["type"] == "ACCREC" and one["status"] == "AUTHORISED"
        if not (one["payments"] or one["allocations"])
    )
    before = Document.objects.get(xero_id=invoice_id).raw

    linked.world.do("documents", tenant=linked.tenant, act=act, id=invoice_id, reference="Another")
    go_on(linked, run)

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(linked) == theirs(linked)
    assert Document.objects.get(xero_id=invoice_id).raw != before


def test_cancelled_run_goes_on_at_its_checkpoint(linked: Linked) -> None:
    run = ask(linked)
    # Some pages arrive, then Xero is away.
    linked.world.fail("/api.xro/2.0/Invoices", times=4)
    linked.world.fail("/api.xro/2.0/Invoices", times=-1, named="maintenance")
    assert linked.work(run).state == RunState.PAUSED
    checkpoint = run.steps.get(resource="INVOICE").next_page
    assert run_requests.cancel(run=run, by=linked.manager, now=clock())
    assert linked.work(run).state == RunState.CANCELLED
    before = number_of_calls(linked)

    assert resumption.resume(run=run, by=linked.manager, now=clock())
    go_on(linked, run)

    assert (run.state, run.reason) == (RunState.DONE, "")
    invoices = sum(one["type"] == "ACCREC" for one in linked.books()["documents"])
    last = math.ceil(invoices / PAGE)
    assert 1 < checkpoint <= last
    assert listed(linked, since=before) == list(range(checkpoint, last + 1))
    assert ours(linked) == theirs(linked)


def test_invoice_that_changes_while_a_run_is_cancelled_is_caught_when_it_goes_on(
    linked: Linked,
) -> None:
    linked.world.fail("/api.xro/2.0/CreditNotes", named="maintenance")
    run = linked.work(ask(linked))
    assert run_requests.cancel(run=run, by=linked.manager, now=clock())
    linked.world.do(
        "documents", tenant=linked.tenant, act="pay", id=(invoice_id := open_invoice(linked))
    )

    assert resumption.resume(run=run, by=linked.manager, now=clock())
    go_on(linked, run)

    assert run.state == RunState.DONE
    assert Document.objects.get(xero_id=invoice_id).status == "PAID"
    assert ours(linked) == theirs(linked)


def test_run_that_stopped_before_its_last_page_goes_on_with_that_page(linked: Linked) -> None:
    count = sum(one["type"] == "ACCREC" for one in linked.books()["documents"])
    last = math.ceil(count / PAGE)
    match = {"path": "/Invoices", "query": f"[?&]page={last}(&|$)|^page={last}(&|$)"}
    linked.world.do("faults", match=match, times=1, answer={"named": "maintenance"})
    run = linked.work(ask(linked))
    step = run.steps.get(resource="INVOICE")
    assert (run.state, step.next_page, step.page_count) == (RunState.PAUSED, last, last)

    run = go_on(linked, run)

    step.refresh_from_db()
    assert run.state == RunState.DONE, run.reason
    # The proof would have had all of it read once more.
    assert (step.read_count, step.item_count, step.again_since) == (count, count, None)
