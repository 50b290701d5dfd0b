"""What the product asks of Xero while a test runs, held against the specification and the facts.

A fixture that every test has without asking for it. The simulators, whoever starts them, write down
what they are asked; at its end a test fails where something new was asked that no source knows
(`tests.contract.second_opinion`). Workers in processes of their own are heard too.

Tests of the simulator itself ask it for all kinds of things on purpose, and benchmarks let other
programs ask it: they are left alone. So are calls that carry the header of `own_calls`. A test
elsewhere that lets the product ask oddly says why, with the mark `asks_oddly`.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import second_opinion
from tests.support import own_calls
from xero_simulator.__main__ import RECORD_VARIABLE

_LEFT_ALONE = ("simulator", "contract", "benchmarks")
_TESTS = Path(__file__).parents[1]


class Listener:
    """The record of this process's simulators, as far as it was read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._seen: set[tuple[str, ...]] = set()

    def new_lines(self) -> list[str]:
        """Return what was written since the last look, whole lines only."""
        if not self._path.exists() or self._path.stat().st_size == self._read:
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            written = file.read()
        whole = written[: written.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole.decode().splitlines()

    def faults(self) -> list[str]:
        """Return what was asked since the last look that no source knows, each once."""
        found = []
        for line in self.new_lines():
            asked = second_opinion.Asked.read(line)
            if own_calls.NAME not in asked.headers and asked.shape() not in self._seen:
                self._seen.add(asked.shape())
                if faults := second_opinion.faults_of(asked):
                    # Seen again it is told again, by whichever test asks.
                    self._seen.discard(asked.shape())
                    found.append(f"{asked}: {'; '.join(faults)}")
        return sorted(set(found))


@pytest.fixture(scope="session")
def asked_of_xero() -> Iterator[Listener]:
    """Let every simulator that is started from here write down what it is asked."""
    with tempfile.TemporaryDirectory(prefix="asked-") as directory:
        path = Path(directory) / "calls"
        os.environ[RECORD_VARIABLE] = str(path)
        yield Listener(path)
        del os.environ[RECORD_VARIABLE]


@pytest.fixture(autouse=True)
def _asks_what_xero_knows(
    request: pytest.FixtureRequest, asked_of_xero: Listener
) -> Iterator[None]:
    """Fail a test during which Xero was asked for something that no source knows."""
    yield
    folder = request.path.relative_to(_TESTS).parts[0] if _TESTS in request.path.parents else ""
    if folder in _LEFT_ALONE or request.node.get_closest_marker("asks_oddly"):
        asked_of_xero.new_lines()
        return
    if faults := asked_of_xero.faults():
        pytest.fail(
            "Xero was asked for what neither its specification nor tests/contract/facts.py knows:\n"
            + "\n".join(faults),
            pytrace=False,
        )
