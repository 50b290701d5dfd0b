"""A stage to play schedules on, and how many of them to play."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tests.convergence import crew
from tests.convergence.identities import schedules as identity_schedules
from tests.convergence.machine import playing
from tests.convergence.stage import SCHEDULES, Stage, point_at
from tests.support import simulator_process, tally
from tests.support.simulator_client import SimulatorClient

# Small books in small pages: every walk has several pages, and a schedule takes a second or two.
SMALL = ("--no-limits", "--seed", "7", "--documents", "160", "--contacts", "30")
PAGES = ("--max-page-size", "16")
_FOLDER = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; they are known where this folder is named on the command line."""
    group = parser.getgroup("convergence")
    group.addoption("--schedules", type=int, default=SCHEDULES, help="how many schedules to play")
    group.addoption("--schedule-seed", type=int, default=1, help="the seed to begin with")
    group.addoption(
        "--identity-schedules",
        type=int,
        default=identity_schedules.SCHEDULES,
        help="how many schedules of identities to play",
    )
    group.addoption(
        "--machine-examples",
        type=int,
        default=playing.EXAMPLES * playing.PARTS,
        help="how many examples of the state machine to play",
    )
    group.addoption("--machine-mutants", action="store_true", help="take out every mend in turn")
    group.addoption("--machine-seed", type=int, default=1, help="the seed of these to begin with")
    group.addoption("--identity-seed", type=int, default=1, help="the seed of these to begin with")


def pytest_configure(config: pytest.Config) -> None:
    """Name a folder for what this process and those that it starts count, if none is named."""
    if tally.FOLDER not in os.environ and not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="tally-")
        config.stash[_FOLDER] = Path(folder.name)
        os.environ[tally.FOLDER] = folder.name
        config.add_cleanup(folder.cleanup)
        config.add_cleanup(_forget_folder)


def _forget_folder() -> None:
    os.environ.pop(tally.FOLDER, None)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what was done, what went wrong on purpose, and what was lost."""
    folder = config.stash.get(_FOLDER, None)
    if folder is not None and (told := tally.lines(tally.summed(folder))):
        terminalreporter.section("schedules and machine")
        for line in told:
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def _counted() -> Iterator[None]:
    """Keep what was counted so far, should this process not come to its end."""
    yield
    tally.tally.save()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of every schedule, so that test processes share them."""
    if "schedule_seed" in metafunc.fixturenames:
        count = metafunc.config.getoption("schedules", SCHEDULES)
        first = metafunc.config.getoption("schedule_seed", 1)
        metafunc.parametrize("schedule_seed", range(first, first + count))


@pytest.fixture(scope="session")
def small_simulator() -> Iterator[str]:
    """Run a simulator with small books."""
    with simulator_process.running(*SMALL, *PAGES) as url:
        yield url


@pytest.fixture
def world(small_simulator: str, settings: Settings) -> SimulatorClient:
    """Point this process at the simulator with small books."""
    point_at(small_simulator, settings)
    return SimulatorClient(small_simulator)


@pytest.fixture(scope="session")
def honest_crew(small_simulator: str, django_db_setup: None) -> Iterator[crew.Crew]:
    """Hire workers for all schedules of this test process."""
    with crew.hired(small_simulator) as hired:
        yield hired


@pytest.fixture
def stage(live_server: LiveServer, world: SimulatorClient, honest_crew: crew.Crew) -> Stage:
    """Give a stage with an honest crew and a receiver of webhooks that listens."""
    return Stage(world, honest_crew, live_server.url)
