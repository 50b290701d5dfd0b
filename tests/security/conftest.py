"""How many made-up requests to throw: few in `make test`, ten thousand in `make soak`.

All tests here speak HTTP with one web process, started by the image's own command.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from lrm.models import Portal, User
from tests.support import builders, web_process

FEW = 120
FEW_OF_API = 6


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; it is known where this folder is named on the command line."""
    group = parser.getgroup("security")
    group.addoption("--fuzz-requests", type=int, default=FEW, help="how many requests to make up")
    group.addoption(
        "--api-examples",
        type=int,
        default=FEW_OF_API,
        help="how many for each part of the API",
    )


@pytest.fixture
def user(portal: Portal) -> User:
    """Make somebody of the portal who has no rights."""
    return builders.make_user(portal)


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    """Let what waits for the commit happen."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def api_examples(request: pytest.FixtureRequest) -> int:
    """Say how many requests a test makes up for each operation of the API."""
    return int(request.config.getoption("api_examples", FEW_OF_API))


@pytest.fixture
def fuzz_requests(request: pytest.FixtureRequest) -> int:
    """Say how many requests a test makes up."""
    return int(request.config.getoption("fuzz_requests", FEW))


@pytest.fixture(scope="session")
def web_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Name the file that the web process logs to."""
    return tmp_path_factory.mktemp("web") / "log"


@pytest.fixture(scope="session")
def web_of_session(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, simulator_url: str, web_log: Path
) -> Iterator[web_process.Web]:
    """Run the web process on this test process's database."""
    xero = {
        "XERO_API_URL": simulator_url,
        "XERO_IDENTITY_URL": simulator_url,
        "XERO_AUTHORIZE_URL": f"{simulator_url}/identity/connect/authorize",
    }
    with django_db_blocker.unblock():
        database = web_process.database_url()
    with web_process.running(web_log, DATABASE_URL=database, **xero) as web:
        yield web


@pytest.fixture
def web(transactional_db: None, web_of_session: web_process.Web) -> web_process.Web:
    """Give the web process, and what the test stores to it."""
    return web_of_session
