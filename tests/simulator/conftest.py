"""One simulator for all tests of a process, put back to its seeded start for each."""

from collections.abc import Iterator

import pytest

from tests.simulator import process


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator without limits; `simulator` is the same after a reset."""
    with process.running("--no-limits", "--seed", "7") as url:
        yield url


@pytest.fixture
def simulator(simulator_url: str) -> str:
    """Give the simulator's address, at its seeded start."""
    process.control(simulator_url, "reset", {})
    return simulator_url


@pytest.fixture
def person(simulator: str) -> process.Person:
    """Give somebody who has connected the first organisation."""
    return process.connect(simulator)
