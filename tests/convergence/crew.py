"""A crew of real worker processes, from the test's side: start turns, stall them, kill them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection as database

ROOT = Path(__file__).parents[2]
# For whatever only waits: all going well it costs nothing.
PATIENCE_SECONDS = 60.0

# Xero's minute and day pass in a blink, so that a limit that Xero names is soon over; nothing
# else about the limits is of interest here.
BLINK = {
    "XERO_CONCURRENT_LIMIT": "1000",
    "XERO_MINUTE_SECONDS": "0.05",
    "XERO_DAY_SECONDS": "0.5",
    "XERO_READ_SECONDS": "5",
}


@dataclass
class Outcome:
    """How a turn ended: None for `code` while it lives, -9 where it was killed.

    `napped` is how many seconds it slept for Xero's minute to pass.
    """

    code: int | None
    delay: float | None = None
    napped: float = 0.0


class Crew:
    """Worker processes that take turns."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._ended: dict[int, Outcome] = {}
        self._stopped: set[int] = set()

    def start(self, turn: str, pk: int, *, ahead: float) -> int:
        """Begin a turn in a worker of its own and return its process id."""
        answer = self._ask({"do": "start", "turn": turn, "pk": pk, "ahead": ahead})
        return int(answer["pid"])

    def wait(self, pid: int, *, seconds: float = PATIENCE_SECONDS) -> Outcome:
        """Wait for a worker to end.

        One that was stopped within a transaction may find its connection ended: a turn that cannot
        even say so leaves its leases to lapse, which is what the product means it to do.

        :raises AssertionError: it ran into something that the product does not expect.
        """
        if pid in self._ended:
            return self._ended.pop(pid)
        answer = self._ask({"do": "wait", "pid": pid, "seconds": seconds})
        assert answer["code"] in (None, 0, -signal.SIGKILL), answer
        is_expected = pid in self._stopped and answer.get("has_lost_database")
        if answer["code"] is not None:
            self._stopped.discard(pid)
        assert is_expected or not answer.get("complaints"), "\n".join(answer["complaints"])
        return Outcome(answer["code"], answer.get("delay"), answer.get("napped", 0.0))

    def has_ended(self, pid: int) -> bool:
        """Return whether a worker has ended; `wait` tells how."""
        outcome = self.wait(pid, seconds=0)
        if outcome.code is None:
            return False
        self._ended[pid] = outcome
        return True

    def signal(self, pid: int, number: signal.Signals) -> None:
        """Stop, continue or kill a worker that was not waited for yet."""
        if number == signal.SIGSTOP:
            self._stopped.add(pid)
        os.kill(pid, number)

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "the worker process has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def hired(simulator_url: str, *, weakness: str = "", **environment: str) -> Iterator[Crew]:
    """Run a crew on this test's database and Valkey, until the block ends."""
    name = database.settings_dict["NAME"]
    command = [
        sys.executable,
        "-m",
        "tests.convergence.worker",
        name,
        *([weakness] * bool(weakness)),
    ]
    around = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "REDIS_URL": settings.REDIS_URL,
        "XERO_API_URL": simulator_url,
        "XERO_IDENTITY_URL": simulator_url,
        **BLINK,
        **environment,
    }
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=around,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Crew(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=PATIENCE_SECONDS)
