"""What a verification does where something comes between: a second reading, a refusal, an end."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from invoices.models import Document
from tests.support.bad_documents import invoice, serve
from tests.support.linked import Linked, clock
from tests.support.resyncs import ask, log
from xero_sync.models import CatchUp, RunState, SyncRun
from xero_sync.runs import resumption, run_progress, run_requests, run_worker
from xero_sync.runs.run_progress import Stage

JSON = {"Content-Type": "application/json"}
ONE_ROW = r"pageSize=1(&|$)"
UNREADABLE = '{"ErrorNumber":16,"Type":"QueryParseException","Message":"No such property"}'


def list_nothing(linked: Linked, path: str, *, count: int, times: int = 1) -> None:
    """Let the next lists be empty, though they say that there are so many."""
    kind = path.rpartition("/")[2]
    figures = {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": count}
    body = json.dumps({"pagination": figures, kind: []})
    linked.world.fail(path, times=times, status=200, headers=JSON, body=body)


def let_xero_have_lost_one(linked: Linked) -> None:
    """Let a document be stored here that Xero neither lists nor gives by its id."""
    one = Document.objects.filter(kind="INVOICE").order_by("pk")[0]
    Document.objects.filter(pk=one.pk).update(
        xero_id="a0000000-0000-4000-8000-00000000dead", number="INV-GHOST"
    )


def test_what_could_not_be_saved_is_not_counted_as_unchanged_after_a_second_reading(
    linked: Linked,
) -> None:
    serve(linked, *map(invoice, (1, 2, 3)), invoice(4, Total="a lot"))
    linked.work(ask(linked))
    list_nothing(linked, "/api.xro/2.0/Invoices", count=9)

    run = linked.work(ask(linked))

    assert "reading them once more" in log(run)
    progress = run_progress.progress_of(run)
    assert (progress.read, progress.unchanged, progress.quarantined) == (4, 3, 1)


def test_what_is_neither_listed_nor_saved_is_told_by_number_or_by_id(linked: Linked) -> None:
    numberless = invoice(3, InvoiceNumber=..., Total="a lot")
    serve(linked, invoice(1), invoice(2, Total="a lot"), numberless)
    linked.work(ask(linked))
    let_xero_have_lost_one(linked)

    run = linked.work(ask(linked))

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert "Invoice INV-GHOST: no longer in Xero for these dates" in run.reason
    assert "INV-2 is in Xero, but could not be saved" in run.reason
    assert f"{numberless['InvoiceID']} is in Xero, but could not be saved" in run.reason


@pytest.mark.parametrize("also_gone", [0, 1])
def test_run_ends_although_xero_cannot_give_a_document_that_it_does_not_list(
    known: Linked, also_gone: int
) -> None:
    """It answers 500 for its id, or nothing in time; others that it does not list are fetched."""
    let_xero_have_lost_one(known)
    for one in Document.objects.filter(kind="INVOICE").order_by("-pk")[:also_gone]:
        Document.objects.filter(pk=one.pk).update(xero_id=uuid4(), number="INV-GONE")
    match = {"path": "/Invoices$", "query": "IDs=.*00000000dead"}
    known.world.do("faults", match=match, times=-1, answer={"status": 500})

    run = known.work(ask(known))

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert "Invoice INV-GHOST: no longer in Xero for these dates" in run.reason
    assert run.reason.count("no longer in Xero") == 1 + also_gone


def test_run_waits_where_xero_gives_nothing_by_id_nor_a_count(known: Linked) -> None:
    let_xero_have_lost_one(known)
    match = {"path": "/Invoices$", "query": "IDs="}
    known.world.do("faults", match=match, times=-1, answer={"status": 500})
    # The count of the first look comes with the lists; that after it is asked for by itself.
    match = {"path": "/Invoices$", "query": ONE_ROW}
    known.world.do("faults", match=match, times=-1, answer={"status": 500})

    run = known.work(ask(known))

    assert run.finished_at is None
    assert "Xero is not answering" in run.reason


def test_count_that_xero_refuses_for_dates_is_not_taken_from_what_is_here(known: Linked) -> None:
    let_xero_have_lost_one(known)
    match = {"path": "/Invoices", "query": ONE_ROW}
    answer = {"status": 400, "body": UNREADABLE}
    known.world.do("faults", match=match, times=-1, answer=answer)

    run = known.work(ask(known))

    assert run.state == RunState.PAUSED
    assert "Xero rejects the request" in run.reason
    assert run_progress.progress_of(run).kinds[0].stage == Stage.READ


def test_count_costs_one_row(known: Linked) -> None:
    let_xero_have_lost_one(known)
    before: list[dict[str, Any]] = known.world.show("calls")

    known.work(ask(known))

    calls: list[dict[str, Any]] = known.world.show("calls", since=before[-1]["n"])
    asked = [parse_qs(one["query"]) for one in calls if one["path"].endswith("/Invoices")]
    small = [one for one in asked if len(one.get("pageSize", [""])[0]) == 1]
    assert small
    assert {(*one["page"], *one["pageSize"]) for one in small} == {("1", "1")}


def test_run_that_is_cancelled_during_its_verification_is_verified_when_it_is_resumed(
    known: Linked,
) -> None:
    run = ask(known)
    begun: dict[str, datetime] = {}

    def cancelling_clock() -> datetime:
        """Cancel it when the last kind's closing sweep has ended, and nothing is noted yet."""
        came_to = dict(CatchUp.objects.values_list("resource", "modified_since"))
        for resource, moment in came_to.items():
            begun.setdefault(resource, moment)
        if len(came_to) == 4 and all(begun[one] < moment for one, moment in came_to.items()):
            run_requests.cancel(run=SyncRun.objects.get(pk=run.pk), by=known.manager, now=clock())
        return clock()

    run_worker.work_on(run_id=run.pk, clock=cancelling_clock)
    run.refresh_from_db()

    assert run.state == RunState.CANCELLED
    assert {kind.stage for kind in run_progress.progress_of(run).kinds} == {Stage.READ}
    assert resumption.resume(run=run, by=known.manager, now=clock())
    assert known.work(run).state == RunState.DONE
    assert {kind.stage for kind in run_progress.progress_of(run).kinds} == {Stage.COMPLETE}
