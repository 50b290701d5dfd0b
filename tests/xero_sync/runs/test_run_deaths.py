"""A run whose page is more than a worker can hold: it is said to stand still, and asks for less.

A kill is played by what no handler of ours catches, raised within the transaction that stores.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connection as database

from tests.support import builders, page_reading
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import PAGE, ask, log
from xero_sync.jobs import leases
from xero_sync.models import CatchUp, RunState, SyncRun
from xero_sync.runs import run_status, run_worker

# A little longer than a lease lasts.
APART = leases.LEASE + timedelta(seconds=5)
STORED = '"new_count" = '
LISTED = 'UPDATE "xero_sync_catchup" SET "next_page" = %s, "started_at" = %s'


@contextmanager
def killed_while(is_too_much: Callable[[str], bool]) -> Iterator[None]:
    """Kill whoever runs a statement of which this is so."""

    def execute(run: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if is_too_much(sql):
            raise SystemExit
        return run(sql, params, many, context)

    with database.execute_wrapper(execute):
        yield


def asked_sizes(linked: Linked) -> list[int]:
    """Return how many rows the pages of invoices held that Xero was asked for."""
    calls = [one for one in linked.world.show("calls") if one["path"].endswith("/Invoices")]
    asked = [parse_qs(one["query"]) for one in calls]
    return [int(one["pageSize"][0]) for one in asked if "pageSize" in one]


def more_than(rows: int, linked: Linked, statement: str) -> Callable[[str], bool]:
    """Tell by the statement that stores it a page of invoices of more rows than this."""
    return lambda sql: statement in sql and asked_sizes(linked)[-1] > rows


def die(run: SyncRun, *, at: datetime) -> SyncRun:
    """Let a worker take the run and be killed in it."""
    with pytest.raises(SystemExit):
        run_worker.work_on(run_id=run.pk, clock=lambda: at)
    run.refresh_from_db()
    return run


@pytest.fixture
def begun(linked: Linked) -> SyncRun:
    """Return a run that was asked for three leases ago, and was heard of last then."""
    run, at = ask(linked), clock() - 3 * APART
    SyncRun.objects.filter(pk=run.pk).update(requested_at=at, heard_at=at)
    run.refresh_from_db()
    return run


def page_of(linked: Linked) -> str:
    """Return the page of re-syncs as a manager reads it."""
    return page_reading.text_of(builders.client_of(linked.manager).get(PAGE).content.decode())


def test_page_that_kills_each_worker_stands_still_and_is_asked_for_smaller(
    linked: Linked, begun: SyncRun
) -> None:
    start = begun.requested_at

    with killed_while(more_than(300, linked, STORED)):
        for turn in range(3):
            run = die(begun, at=start + turn * APART)

        assert (run.state, run.heard_at) == (RunState.RUNNING, start)
        assert run_status.has_stalled(run, now=clock())
        assert "Nobody is working on it" in page_of(linked)
        assert [size for size in asked_sizes(linked) if size != 1] == [1000, 1000, 500]
        linked.work(run)

    assert (run.state, run.reason, run.attempts) == (RunState.DONE, "", 0)
    assert run.steps.get(resource="INVOICE").page_size == 250
    assert run_worker.LESS in log(run)
    assert ours(linked) == theirs(linked)


def test_one_death_makes_no_page_smaller(linked: Linked, begun: SyncRun) -> None:
    with killed_while(more_than(300, linked, STORED)):
        run = die(begun, at=begun.requested_at)

    linked.work(run)

    assert run.state == RunState.DONE
    assert {step.page_size for step in run.steps.all()} == {1000}
    assert run_worker.LESS not in log(run)


def test_deaths_with_a_page_stored_between_make_none_smaller(
    linked: Linked, begun: SyncRun
) -> None:
    begun.steps.filter(resource="INVOICE").update(page_size=250)
    stored = 0

    def fifth_or_seventh(sql: str) -> bool:
        nonlocal stored
        stored += STORED in sql
        return STORED in sql and stored in (5, 7)

    with killed_while(fifth_or_seventh):
        # The first pages of four lists, and then a second one.
        die(begun, at=begun.requested_at)
        run = die(begun, at=begun.requested_at + APART)

        assert run.steps.get(resource="INVOICE").next_page == 3
        linked.work(run)

    assert run.state == RunState.DONE
    assert run.steps.get(resource="INVOICE").page_size == 250


def test_closing_sweep_that_kills_each_worker_is_listed_by_smaller_pages(
    linked: Linked, begun: SyncRun
) -> None:
    start = begun.requested_at

    with killed_while(more_than(600, linked, LISTED)):
        for turn in range(2):
            run = die(begun, at=start + turn * APART)
        assert run.state == RunState.VERIFYING
        assert CatchUp.objects.get(resource="INVOICE").page_size == 1000
        # Since its last page was stored.
        assert run.heard_at == start
        linked.work(run)

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert asked_sizes(linked)[-1] == 500
    assert {step.page_size for step in run.steps.all()} == {1000}


def test_turn_of_a_run_that_goes_on_is_no_sign_of_life(linked: Linked, begun: SyncRun) -> None:
    SyncRun.objects.update(state=RunState.RUNNING)
    with killed_while(more_than(300, linked, STORED)):
        assert die(begun, at=clock()).heard_at == begun.requested_at

    SyncRun.objects.update(state=RunState.PAUSED, leased_until=None)
    now = clock()
    with killed_while(more_than(300, linked, STORED)):
        assert die(begun, at=now).heard_at == now
