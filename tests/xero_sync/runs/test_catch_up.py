"""The closing sweep of a re-sync: it resumes, is as fresh as the counts, and may be refused."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from tests.support import limiting
from tests.support.faults import REFUSED
from tests.support.fixtures import SMALL_PAGE
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask, log
from tests.support.xero_documents import act, invoices
from xero_sync.api import rate_limiter
from xero_sync.models import RunState, SyncRun, SyncStep
from xero_sync.runs import run_worker

# More than any run here takes, of five calls each.
TURNS = 60


@pytest.fixture(scope="session")
def simulator_url(small_pages_url: str) -> str:
    """Let Xero's pages be small."""
    return small_pages_url


@pytest.fixture
def books(known: Linked, settings: Settings) -> Iterator[limiting.Books]:
    """Let bulk work make five calls a minute, and minutes pass only when told."""
    settings.XERO_MINUTE_LIMIT = 6
    rate_limiter.shared.cache_clear()
    with redis.Redis.from_url(django_settings.REDIS_URL) as server:
        server.flushdb()
        yield limiting.Books(server, "xero-limiter:")
        server.flushdb()
    rate_limiter.shared.cache_clear()


def turn(linked: Linked, books: limiting.Books, run: SyncRun) -> None:
    """Let a minute pass and a worker do what fits into the next."""
    books.let_pass(61)
    linked.world.do("clock", advance_seconds=61)
    SyncRun.objects.update(not_before=None)
    run_worker.work_on(run_id=run.pk, clock=clock)
    run.refresh_from_db()


def turns(linked: Linked, books: limiting.Books, run: SyncRun) -> Iterator[SyncStep]:
    """Take turns until the run has ended; give the step of invoices after each."""
    for _ in range(TURNS):
        turn(linked, books, run)
        if run.finished_at:
            return
        yield run.steps.get(resource="INVOICE")
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

    for step in turns(known, books, run):
        if step.closing_page > 1 and not changed:
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
        "Invoices: Xero does not list all that changed while these were read; what did will come "
        "by webhook and by sweep"
    )
    assert run.finished_at is not None
    assert run.finished_at - run.requested_at < timedelta(minutes=5)
