"""A connection is made whole, with what its first sync needs, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database

from connected_apps import signals
from connected_apps.models import AuditEvent, Connection, Grant, PendingConsent, State
from lrm.models import User
from tests.support import xero
from tests.support.simulator_client import SimulatorClient
from tests.support.xero import Browser
from xero_sync.models import Cursor, SyncRun
from xero_sync.resources import Resource


@contextmanager
def listening(receiver: Callable[..., None]) -> Iterator[None]:
    """Let a receiver hear of connections."""
    signals.connected.connect(receiver)
    try:
        yield
    finally:
        signals.connected.disconnect(receiver)


def fail(**_given: object) -> None:
    """Fail as a receiver does that meets an error of ours."""
    raise LookupError("made up")


def test_first_sync_waits_although_the_process_ends_right_after_the_commit(
    world: SimulatorClient, manager: User
) -> None:
    # In a test that is one transaction nothing happens after commit by itself: as if killed there.
    browser = Browser(world, manager)

    browser.connect()

    connection = browser.connection
    assert connection.state == State.CONNECTED
    assert Cursor.objects.filter(organisation=connection.organisation).count() == len(Resource)
    run = SyncRun.objects.get(organisation=connection.organisation, is_first=True)
    assert run.generation == connection.generation


def test_nothing_is_connected_where_what_it_needs_cannot_be_made(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(fail):
        answer = browser.connect()

    told = browser.told(answer)
    assert "an error on our side" in told
    assert "Nothing was changed here" in told
    assert "Press Connect to Xero again" in told
    assert "made up" in caplog.text
    assert browser.connection.state == State.NOT_CONNECTED
    assert browser.connection.organisation is None
    assert not Cursor.objects.exists()
    assert not SyncRun.objects.exists()
    assert AuditEvent.objects.filter(action="CONNECT_NOT_STORED", is_problem=True).count() == 1


def test_nothing_stays_in_xero_of_a_connection_that_failed_here(browser: Browser) -> None:
    with listening(fail):
        browser.connect()

    from connected_apps import tasks

    tasks.finish_removals()

    assert browser.world.connections() == []
    assert not Grant.objects.exists()


def test_person_is_told_the_same_where_the_database_cannot_note_a_removal_either(
    browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    def lose_grants(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        if sql.startswith('INSERT INTO "connected_apps_grant"'):
            raise OperationalError("the disk is full")
        return execute(sql, *given)

    with database.execute_wrapper(lose_grants):
        answer = browser.connect()

    assert "an error on our side" in browser.told(answer)
    assert "could not be noted for removal" in caplog.text
    assert browser.connection.state == State.NOT_CONNECTED
    assert not Grant.objects.exists()


def test_connection_of_before_stands_where_reconnecting_fails(browser: Browser) -> None:
    browser.connect()
    before = browser.connection

    with listening(fail):
        browser.connect()

    after = browser.connection
    assert after.state == State.CONNECTED
    assert after.generation == before.generation
    assert after.grant_id == before.grant_id
    assert len(browser.world.connections()) == 1


def test_connecting_that_the_database_breaks_off_is_done_once_more(browser: Browser) -> None:
    tries: list[Connection] = []

    def break_off(connection: Connection, **_rest: object) -> None:
        tries.append(connection)
        if len(tries) == 1:
            raise OperationalError("deadlock detected")

    with listening(break_off):
        browser.connect()

    assert len(tries) == 2
    assert browser.connection.state == State.CONNECTED
    assert Grant.objects.count() == 1


def test_choice_that_cannot_be_stored_stays_open(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])
    tenant = browser.world.tenant(0)["tenant_id"]

    with listening(fail):
        refused = browser.post(xero.CHOOSE, organisation=tenant)
    told = browser.told(refused)
    open_still = PendingConsent.objects.count()
    browser.post(xero.CHOOSE, organisation=tenant)

    assert "an error on our side" in told
    assert open_still == 1
    assert browser.connection.state == State.CONNECTED
