"""The closing sweep of a re-sync: it resumes, is as fresh as the counts, and may be refused.

One that is under way while a release rolls out goes on, too.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from pytest_django.fixtures import Settings

from tests.support import limiting
from tests.support.faults import REFUSED
from tests.support.fixtures import SMALL_PAGE
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask, log
from tests.support.xero_documents import act, invoices
from xero_sync.models import CatchUp, RunState, SyncRun
from xero_sync.runs import run_worker

# More than any run here takes, of five calls each.
TURNS = 60
BEFORE = [("xero_sync", "0007_standard_terms")]
EARLY, LATE = (datetime(2026, 3, 1, hour, tzinfo=UTC) for hour in (9, 10))
Rows = models.Manager[Any]


@pytest.fixture(scope="session")
def simulator_url(small_pages_url: str) -> str:
    """Let Xero's pages be small."""
    return small_pages_url


@pytest.fixture
def books(known: Linked, settings: Settings) -> Iterator[limiting.Books]:
    """Let bulk work make five calls a minute, and minutes pass only when told."""
    settings.XERO_MINUTE_LIMIT = 6
    limiting.forget_shared()
    with redis.Redis.from_url(django_settings.REDIS_URL) as server:
        server.flushdb()
        yield limiting.Books(server, "xero-limiter:")
        server.flushdb()
    limiting.forget_shared()


def turn(linked: Linked, books: limiting.Books, run: SyncRun) -> None:
    """Let a minute pass and a worker do what fits into the next."""
    books.let_pass(61)
    linked.world.do("clock", advance_seconds=61)
    SyncRun.objects.update(not_before=None)
    run_worker.work_on(run_id=run.pk, clock=clock)
    run.refresh_from_db()


def turns(linked: Linked, books: limiting.Books, run: SyncRun) -> Iterator[CatchUp | None]:
    """Take turns until the run has ended; give the closing sweep of invoices after each."""
    for _ in range(TURNS):
        turn(linked, books, run)
        if run.finished_at:
            return
        yield run.catch_ups.filter(resource="INVOICE").first()
    raise AssertionError(f"It never ends: {run.state} {run.reason}")


def test_closing_sweep_of_more_pages_than_a_minute_has_calls_comes_to_its_end(
    known: Linked, books: limiting.Books
) -> None:
    run = ask(known)
    turn(known, books, run)
    known.world.do("touch", tenant=known.tenant, count=160)
    assert len(invoices(known)) > 5 * SMALL_PAGE

    for _ in turns(known, books, run):
        pass

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(known) == theirs(known)


def test_what_changes_behind_a_closing_sweep_makes_no_difference(
    known: Linked, books: limiting.Books
) -> None:
    run = ask(known)
    turn(known, books, run)
    known.world.do("touch", tenant=known.tenant, count=160)
    rows = invoices(known)
    changed = False

    for sweep in turns(known, books, run):
        if sweep is not None and sweep.next_page > 1 and not changed:
            changed = True
            # By now later than the overlap with which the sweep began.
            known.world.do("clock", advance_seconds=3600)
            act(known, "redate", rows[0], date="2001-01-01")
            known.world.do(
                "documents",
                tenant=known.tenant,
                act="raise",
                contact_id=rows[0]["contact_id"],
                lines=[{"description": "Late", "unit_amount": "10.00"}],
                date=run.date_to.isoformat(),
                due_date=run.date_to.isoformat(),
            )

    assert changed
    assert (run.state, run.reason) == (RunState.DONE, "")
    assert "once more" not in log(run)
    assert ours(known) == theirs(known)


def refuse_closing(linked: Linked, *, times: int = 1) -> None:
    """Let Xero refuse the list that comes after the pages of invoices, each time."""
    pages = -(-len(invoices(linked)) // SMALL_PAGE)
    for _ in range(times):
        linked.world.fail("/2.0/Invoices", times=pages, delay_seconds=0)
        linked.world.fail("/2.0/Invoices", status=400, body=REFUSED)


def test_windows_are_read_again_where_more_changed_than_xero_lists(known: Linked) -> None:
    refuse_closing(known)

    run = known.work(ask(known))

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert "Invoices: Xero does not list all that changed meanwhile, reading" in log(run)
    assert "Credit notes" not in log(run)
    assert ours(known) == theirs(known)


def test_run_ends_where_xero_never_lists_what_changed(known: Linked) -> None:
    refuse_closing(known, times=2)

    run = known.work(ask(known))

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert run.reason == (
        "Invoices: Xero does not list all that changed while these were read; what did arrives "
        "by itself within minutes"
    )
    assert run.finished_at is not None
    assert run.finished_at - run.requested_at < timedelta(minutes=5)


def migrate_to_the_newest() -> None:
    """Apply all migrations there are."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.fixture
def restored(transactional_db: None) -> Iterator[None]:
    """Leave the newest tables behind, whatever becomes of the test."""
    yield
    migrate_to_the_newest()


def go_back() -> Rows:
    """Give the tables their shape of before; return the steps as the earlier release sees them."""
    executor = MigrationExecutor(connection)
    state = executor.migrate(BEFORE)
    steps: Rows = state.apps.get_model("xero_sync", "SyncStep")._default_manager
    return steps


def checkpoints() -> list[tuple[str, datetime, int, datetime | None]]:
    """Return the checkpoints of all closing sweeps."""
    rows = CatchUp.objects.order_by("resource")
    return list(rows.values_list("resource", "modified_since", "next_page", "started_at"))


def test_closing_sweep_that_is_under_way_goes_on_at_its_page(
    known: Linked, books: limiting.Books, restored: None
) -> None:
    run = ask(known)
    turn(known, books, run)
    known.world.do("touch", tenant=known.tenant, count=160)
    assert len(invoices(known)) > 5 * SMALL_PAGE
    for sweep in turns(known, books, run):
        if sweep is not None and sweep.next_page > 1:
            break
    (kept,) = checkpoints()

    steps = go_back()
    resource, since, page, started_at = kept
    steps.filter(run_id=run.pk, resource=resource).update(
        closing_since=since, closing_page=page, closing_started_at=started_at
    )
    migrate_to_the_newest()

    assert checkpoints() == [kept]
    before = known.world.show("calls")[-1]["n"]
    turn(known, books, run)
    first = next(
        one for one in known.world.show("calls", since=before) if "/Invoices" in one["path"]
    )
    assert f"page={page}&" in f"{first['query']}&"
    for _ in turns(known, books, run):
        pass
    assert (run.state, run.reason) == (RunState.DONE, "")
    assert ours(known) == theirs(known)
    assert checkpoints() == []


def test_windows_share_the_checkpoint_of_the_one_that_is_furthest_behind(
    linked: Linked, restored: None
) -> None:
    run = ask(linked)
    steps = go_back()
    mine = steps.filter(run_id=run.pk)
    mine.filter(resource__in=["INVOICE", "CREDIT_NOTE", "PREPAYMENT"]).update(
        closing_since=LATE, closing_page=3, closing_started_at=LATE
    )
    # A second window: just as far, further behind, sent back to be read once more.
    for resource, since in (("INVOICE", LATE), ("CREDIT_NOTE", EARLY), ("PREPAYMENT", None)):
        step = mine.get(resource=resource)
        step.pk, step.date_from, step.closing_since = None, date(2026, 3, 2), since
        step.save(force_insert=True)
    # This one is verified, so nothing sweeps for it any more.
    mine.filter(resource="OVERPAYMENT").update(closing_since=EARLY, closing_page=2, our_count=0)

    migrate_to_the_newest()

    assert checkpoints() == [
        ("CREDIT_NOTE", EARLY, 1, None),
        ("INVOICE", LATE, 3, LATE),
        ("PREPAYMENT", LATE, 1, None),
    ]


def test_worker_of_the_earlier_release_goes_on_beside_the_new_tables(
    linked: Linked, restored: None
) -> None:
    run = ask(linked)
    steps = go_back()
    migrate_to_the_newest()

    # As it begins and moves a checkpoint, and cuts a window.
    mine = steps.filter(run_id=run.pk, resource="INVOICE")
    assert mine.get().closing_page == 1
    assert mine.update(closing_since=EARLY, closing_page=2, closing_started_at=LATE) == 1
    steps.create(run_id=run.pk, resource="INVOICE", date_from=date(2026, 3, 2), date_to=run.date_to)

    assert linked.work(run).state == RunState.DONE
    assert ours(linked) == theirs(linked)
