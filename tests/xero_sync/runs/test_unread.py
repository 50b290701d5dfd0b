"""A re-sync proves what it read: what is stored from before is not enough."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from invoices.models import Document
from tests.support import worker_stopping
from tests.support.fixtures import SMALL_PAGE
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask, log
from tests.support.xero_documents import act, invoices
from xero_sync.models import CatchUp, RunState, SyncPage
from xero_sync.runs import run_progress, run_worker

JSON = {"Content-Type": "application/json"}
LATER = "2031-01-01"


@pytest.fixture(scope="session")
def simulator_url(small_pages_url: str) -> str:
    """Let Xero's pages be small."""
    return small_pages_url


def listing(rows: list[dict[str, Any]], count: int) -> str:
    """Return the body of a page that holds these invoices and says that there are so many."""
    raws = dict(Document.objects.filter(kind="INVOICE").values_list("xero_id", "raw"))
    elements = [raws[UUID(row["xero_id"])] for row in rows]
    figures = {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": count}
    return json.dumps({"pagination": figures, "Invoices": elements})


def serve(linked: Linked, body: str, *, times: int = 1) -> None:
    """Let the next calls for invoices be answered with this."""
    linked.world.fail("/2.0/Invoices", times=times, status=200, headers=JSON, body=body)


@pytest.mark.parametrize("listed", [0, 3])
def test_list_that_holds_less_than_it_says_is_read_once_more(known: Linked, listed: int) -> None:
    rows = invoices(known)
    act(known, "edit_due_date_silently", rows[-1], due_date=LATER)
    serve(known, listing(rows[:listed], len(rows)))

    run = known.work(ask(known))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert "not all documents were listed, reading them once more" in log(run)
    kinds = run_progress.progress_of(run).kinds
    assert (kinds[0].read, kinds[0].total) == (len(rows), len(rows))
    assert ours(known) == theirs(known)


def test_what_is_listed_in_neither_reading_is_fetched_by_its_id(known: Linked) -> None:
    rows = invoices(known)
    act(known, "edit_due_date_silently", rows[-1], due_date=LATER)
    short = listing(rows[:-3], len(rows))
    # Between the two readings comes the closing sweep.
    for body in (short, listing([], 0), short):
        serve(known, body)

    run = known.work(ask(known))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(known) == theirs(known)


def test_document_that_xero_does_not_give_at_all_is_told_though_the_counts_agree(
    known: Linked,
) -> None:
    rows = invoices(known)
    body = listing(rows[:-1], len(rows))
    Document.objects.filter(xero_id=rows[-1]["xero_id"]).update(
        xero_id="a0000000-0000-4000-8000-00000000dead", number="INV-GHOST"
    )
    serve(known, body, times=-1)

    run = known.work(ask(known))

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert "Invoice INV-GHOST: no longer in Xero for these dates" in run.reason
    assert run_progress.progress_of(run).kinds[0].stage == run_progress.Stage.DIFFERS


def test_what_either_of_two_readings_brought_is_new(known: Linked) -> None:
    """It is unchanged in the second, and was not here before the first."""
    rows = invoices(known)
    body = listing(rows[:5], len(rows))
    lost = [row["xero_id"] for row in (rows[0], rows[1], rows[-1])]
    Document.objects.filter(xero_id__in=lost).delete()
    serve(known, body)

    run = known.work(ask(known))

    step = run.steps.get(resource="INVOICE")
    assert step.again_since is not None
    assert step.new_count == 3
    assert step.unchanged_count == len(rows) - 3 - step.changed_count


def test_row_at_the_seam_is_read_when_one_left_and_one_entered(known: Linked) -> None:
    run = ask(known, days=300)
    first, last = run.date_from.isoformat(), run.date_to.isoformat()
    rows = invoices(known)
    listed = [row for row in rows if first <= row["date"] <= last]
    # A worker that is told to stop ends with the second page: the third begins with this one.
    at_the_seam = listed[2 * SMALL_PAGE]
    act(known, "edit_due_date_silently", at_the_seam, due_date=LATER)
    entering = next(row for row in rows[::-1] if row not in listed)
    assert entering["xero_id"] > at_the_seam["xero_id"]
    with worker_stopping.told_to_stop():
        assert run_worker.work_on(run_id=run.pk, clock=clock) == timedelta(0)
    assert run.steps.get(resource="INVOICE").next_page == 3

    act(known, "redate", listed[0], date="2001-01-01")
    act(known, "redate", entering, date=last)
    known.work(run)

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert "not all documents were listed, reading them once more" in log(run)
    assert ours(known) == theirs(known)


@pytest.mark.parametrize("turn", [timedelta(seconds=30), timedelta(0)], ids=["one", "many"])
def test_nothing_more_is_called_or_kept_where_all_is_well(
    known: Linked, monkeypatch: pytest.MonkeyPatch, turn: timedelta
) -> None:
    """Also where turns are over at once: what is on its way then is stored, and not asked again."""
    monkeypatch.setattr(run_worker, "TURN", turn)
    before = known.world.calls("2.0/")
    pages = sum(
        -(-sum(kind == one for kind, _ in theirs(known)) // SMALL_PAGE)
        for one in ("INVOICE", "CREDIT_NOTE", "OVERPAYMENT", "PREPAYMENT")
    )

    run = known.work(ask(known))

    assert run.state == RunState.DONE
    # Each page once, and the closing sweep of each kind.
    assert known.world.calls("2.0/") - before == pages + 4
    assert not SyncPage.objects.exists()
    assert not CatchUp.objects.exists()
