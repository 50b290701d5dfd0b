"""A connection that moves on while a list is walked: nothing more is asked for, nothing stored."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from connected_apps.lifecycle import disconnecting
from connected_apps.models import Connection, Grant
from invoices.models import Document
from tests.support import limiting, simulator_process
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask
from xero_sync.api import rate_limiter, sessions
from xero_sync.models import RunState
from xero_sync.pull import pager
from xero_sync.resources import Resource
from xero_sync.runs import run_worker

PAGE = 5
# Of the invoices, when the connection moves on; as many again are left.
READ = 4


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator whose lists have many small pages."""
    small = ("--documents", "160", "--contacts", "30", "--max-page-size", str(PAGE))
    limits = ("--minute-limit", "--day-limit", "--app-minute-limit")
    high = [part for name in limits for part in (name, "1000000")]
    with simulator_process.running("--no-limits", *high, *small) as url:
        yield url


@pytest.fixture(autouse=True)
def no_limits(settings: Settings) -> Iterator[None]:
    """Let the minute stand in nobody's way."""
    settings.XERO_MINUTE_LIMIT = settings.XERO_DAY_LIMIT = 1_000_000
    settings.XERO_APP_MINUTE_LIMIT = 1_000_000
    limiting.forget_shared()
    yield
    limiting.forget_shared()


def pages_stored() -> int:
    """Return how many pages of invoices are stored."""
    return Document.objects.filter(kind="INVOICE").count() // PAGE


def test_nothing_is_asked_for_or_stored_when_the_portal_is_disconnected_in_mid_walk(
    linked: Linked,
) -> None:
    run = ask(linked)
    assert len(theirs(linked)) > (READ + 2 * pager.AHEAD) * PAGE
    before = linked.world.calls("2.0/invoices")
    stored: list[int] = []

    def disconnecting_clock() -> datetime:
        # Read between two pages of a walk.
        if not stored and pages_stored() == READ:
            disconnecting.disconnect(portal=linked.portal, by=linked.manager, now=clock())
            stored.append(Document.objects.count())
        return clock()

    run_worker.work_on(run_id=run.pk, clock=disconnecting_clock)

    run.refresh_from_db()
    assert run.state != RunState.DONE
    assert [Document.objects.count()] == stored
    assert linked.world.calls("2.0/invoices") - before <= READ + pager.AHEAD


def test_page_that_was_in_flight_is_dropped_when_the_connection_was_made_anew(
    linked: Linked,
) -> None:
    run = ask(linked)
    stored: list[int] = []

    def reconnecting_clock() -> datetime:
        if not stored and pages_stored() == READ:
            generation = linked.connection.generation + 1
            Connection.objects.filter(pk=linked.connection.pk).update(generation=generation)
            stored.append(Document.objects.count())
        return clock()

    run_worker.work_on(run_id=run.pk, clock=reconnecting_clock)

    assert [Document.objects.count()] == stored


def test_walk_goes_on_with_one_refresh_when_xero_refuses_the_token_of_a_call_in_flight(
    linked: Linked,
) -> None:
    run = ask(linked)
    refused = {"match": {"path": "/Invoices"}, "times": 1, "answer": {"named": "token_expired"}}
    fault_scripted: list[bool] = []

    def faulty_clock() -> datetime:
        if not fault_scripted and pages_stored() == READ:
            linked.world.do("faults", **refused)
            fault_scripted.append(True)
        return clock()

    assert run_worker.work_on(run_id=run.pk, clock=faulty_clock) is None

    run.refresh_from_db()
    assert fault_scripted
    assert run.state == RunState.DONE
    assert ours(linked) == theirs(linked)
    assert Grant.objects.get().refresh_count == 1


def test_session_asks_for_another_token_when_the_one_it_keeps_nears_its_end(
    linked: Linked,
) -> None:
    ahead = timedelta(0)
    session = sessions.Session(
        connection_id=linked.connection.pk,
        generation=linked.connection.generation,
        lane=rate_limiter.Lane.PEOPLE,
        clock=lambda: clock() + ahead,
    )
    session.list_page(Resource.INVOICE, page=1)
    ahead = timedelta(minutes=24)
    session.list_page(Resource.INVOICE, page=1)
    assert Grant.objects.get().refresh_count == 0

    ahead = timedelta(minutes=26)
    session.list_page(Resource.INVOICE, page=1)

    assert Grant.objects.get().refresh_count == 1
