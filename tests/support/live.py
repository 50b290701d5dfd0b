"""The whole product running as processes, for end-to-end tests.

Import the fixture where it is used: `from tests.support.live import live_stack`. One stack serves
a test session (each xdist worker its own); it starts in about ten seconds, so that the first test
to ask needs a timeout of its own.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrm.demo import ports, stack
from lrm.local import local_services


def make_plan(directory: Path, *simulator_options: str, **settings: str) -> stack.Plan:
    """Return a plan on free ports, with services of its own below `directory`."""
    return stack.Plan(
        directory=directory,
        web_port=ports.free_port(),
        simulator_port=ports.free_port(),
        # A machine that stood still for Xero's five seconds would see a webhook sent twice.
        simulator_options=("--webhook-timeout", "30", *simulator_options),
        settings={
            "DATABASE_URL": local_services.database_url(directory),
            "REDIS_URL": local_services.redis_url(directory),
            **settings,
        },
    )


@pytest.fixture(scope="session")
def live_stack() -> Iterator[stack.Stack]:
    """Run PostgreSQL, Valkey, simulator, web, workers and beat until the session ends."""
    # Not pytest's own temporary directory: its paths are too long for sockets, and private.
    parent = Path(tempfile.mkdtemp(prefix="lrm-live-"))
    directory = parent / "tests"
    directory.mkdir()
    try:
        with stack.Stack(make_plan(directory)) as running:
            yield running
    finally:
        local_services.leave(directory)
        shutil.rmtree(parent, ignore_errors=True)
