"""One simulator for all tests of a process, put back to its seeded start for each."""

from collections.abc import Iterator

import pytest

from tests.support import simulator_process


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator without limits; `simulator` is the same after a reset."""
    with simulator_process.running("--no-limits", "--seed", "7") as url:
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
