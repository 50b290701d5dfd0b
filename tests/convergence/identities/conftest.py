"""A stage for schedules of identities, and how many of them to play."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tests.convergence import crew
from tests.convergence.identities.schedules import SCHEDULES
from tests.convergence.identities.stage import Stage
from tests.convergence.stage import point_at
from tests.support import simulator_process
from tests.support.simulator_client import SimulatorClient

TINY = ("--no-limits", "--seed", "7", "--documents", "10", "--contacts", "8")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of every schedule, so that test processes share them."""
    if "identity_seed" in metafunc.fixturenames:
        count = metafunc.config.getoption("identity_schedules", SCHEDULES)
        first = metafunc.config.getoption("identity_seed", 1)
        metafunc.parametrize("identity_seed", range(first, first + count))


@pytest.fixture(scope="session")
def tiny_simulator() -> Iterator[str]:
    """Run a simulator with next to nothing in its books."""
    with simulator_process.running(*TINY) as url:
        yield url


@pytest.fixture(scope="session")
def killed_crew(tiny_simulator: str, django_db_setup: None) -> Iterator[crew.Crew]:
    """Hire workers that can be killed."""
    with crew.hired(tiny_simulator) as hired:
        yield hired


@pytest.fixture
def identities(
    live_server: LiveServer, tiny_simulator: str, killed_crew: crew.Crew, settings: Settings
) -> Stage:
    """Give a stage with two portals on one organisation."""
    point_at(tiny_simulator, settings)
    settings.XERO_CONCURRENT_LIMIT = 1000
    settings.XERO_MINUTE_SECONDS = 0.05
    settings.XERO_DAY_SECONDS = 0.5
    return Stage(SimulatorClient(tiny_simulator), live_server.url, killed_crew)
