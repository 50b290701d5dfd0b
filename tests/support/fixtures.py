"""Fixtures that every test finds by name: a portal, simulators, and the whole product.

A test process starts simulators and product when the first test asks. A module whose tests need
another simulator gives a `simulator_url` of its own; all that stands on it then stands on that.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from lrm import settings as product_settings
from lrm.demo import stack
from lrm.local import local_services
from lrm.models import Portal
from tests.support import (
    builders,
    database_template,
    limiting,
    live,
    neighbourhood,
    simulator_process,
)

SMALL_PAGE = 16


@pytest.fixture(autouse=True)
def _own_limits() -> None:
    """Let the shared limiter take its limits from this test's settings, not of one before."""
    limiting.forget_shared()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    """Let the database of this test process be a copy of one that is migrated already."""
    of_tests = settings.DATABASES["default"]["TEST"]
    with database_template.ready(product_settings.service_url("DATABASE_URL")) as name:
        of_tests["TEMPLATE"] = name
        yield


@pytest.fixture
def portal(db: None) -> Iterator[Portal]:
    """The portal most tests play in, beside which another one stands."""
    with neighbourhood.beside():
        yield builders.make_portal()


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator without limits; `simulator` is the same after a reset."""
    with simulator_process.running("--no-limits", "--seed", "7") as url:
        yield url


@pytest.fixture(scope="session")
def small_books_url() -> Iterator[str]:
    """Run a simulator with some two hundred documents, for tests that are not about how many."""
    books = ("--no-limits", "--seed", "7", "--documents", "200", "--contacts", "40")
    with simulator_process.running(*books) as url:
        yield url


@pytest.fixture(scope="session")
def small_pages_url() -> Iterator[str]:
    """Run a simulator with small books in pages of `SMALL_PAGE`."""
    books = ("--no-limits", "--seed", "7", "--documents", "160", "--contacts", "20")
    with simulator_process.running(*books, "--max-page-size", str(SMALL_PAGE)) as url:
        yield url


@pytest.fixture
def simulator(simulator_url: str) -> str:
    """Give the simulator's address, at its seeded start."""
    simulator_process.control(simulator_url, "reset", {})
    return simulator_url


@pytest.fixture
def person(simulator: str) -> simulator_process.Person:
    """Give somebody who has connected the first organisation."""
    return simulator_process.connect(simulator)


@pytest.fixture(scope="session")
def live_stack() -> Iterator[stack.Stack]:
    """Run PostgreSQL, Valkey, simulator, web, workers and beat until the session ends."""
    # Not pytest's own temporary directory: its paths are too long for sockets, and private.
    parent = Path(tempfile.mkdtemp(prefix="lrm-live-"))
    directory = parent / "tests"
    directory.mkdir()
    try:
        with stack.Stack(live.make_plan(directory)) as running:
            yield running
    finally:
        local_services.leave(directory)
        shutil.rmtree(parent, ignore_errors=True)
