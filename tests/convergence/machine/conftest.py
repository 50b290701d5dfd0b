"""A stage for the machine, and how many of its examples to play."""

import contextlib
import gc
import logging
from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tests.convergence.machine import clockwork, playing
from tests.convergence.machine.stage import Stage
from tests.convergence.machine.xero_line import XeroLine
from tests.convergence.stage import point_at
from tests.support import simulator_process

BOOKS = ("--no-limits", "--seed", "7", "--documents", "24", "--contacts", "9")
PAGES = ("--max-page-size", "8", "--anchor", clockwork.ANCHOR, "--clock-speed", clockwork.STILL)
# Longer than any example.
DAYS = 3650


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of so many examples, so that test processes share them."""
    if "machine_seed" in metafunc.fixturenames:
        wished = metafunc.config.getoption("machine_examples", playing.EXAMPLES * playing.PARTS)
        first = metafunc.config.getoption("machine_seed", 1)
        parts = -(-wished // playing.EXAMPLES)
        metafunc.parametrize("machine_seed", range(first, first + parts))


@pytest.fixture(scope="session")
def still_simulator() -> Iterator[str]:
    """Run a simulator whose clock stands still."""
    with simulator_process.running(*BOOKS, *PAGES) as url:
        yield url


@pytest.fixture
def stage(
    live_server: LiveServer,
    still_simulator: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stage]:
    """Give a stage with two portals and one clock."""
    point_at(still_simulator, settings)
    # What works says in a line for each page is most of the noise, and a part of the time.
    logging.disable(logging.INFO)
    settings.XERO_CONCURRENT_LIMIT = 1000
    # What Xero names as a minute is soon over. No answer is late on purpose, so one that is late
    # tells of the machine that this runs on.
    settings.XERO_MINUTE_SECONDS = 0.05
    settings.XERO_READ_SECONDS = 60
    # The clock jumps by days; people stay signed in. That sessions end is for tests of their own.
    settings.SESSION_HOURS, settings.SESSION_IDLE_MINUTES = DAYS * 24, DAYS * 24 * 60
    settings.SESSION_COOKIE_AGE = DAYS * 24 * 3600
    with contextlib.closing(XeroLine(still_simulator)) as world, refusing_poison():
        # What lives as long as the process is looked through by the collector for every example.
        gc.freeze()
        yield Stage(world, live_server.url, monkeypatch)
        gc.unfreeze()
    logging.disable(logging.NOTSET)


@contextlib.contextmanager
def refusing_poison() -> Iterator[None]:
    """Let the database refuse a category of events: it stands for whatever nobody thought of."""
    table = "ALTER TABLE xero_sync_event"
    with connection.cursor() as cursor:
        cursor.execute(f"{table} ADD CONSTRAINT poison CHECK (category <> 'POISON')")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"{table} DROP CONSTRAINT poison")
