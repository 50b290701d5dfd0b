"""Workers that can be killed: `python -m tests.convergence.worker DATABASE [WEAKNESS]`.

One process with Django loaded forks a child for every turn, so that a worker costs milliseconds
instead of a second. It is told what to do by JSON lines on its input: `start` answers with the
child's process id, `wait` with its exit code (null while it lives) and what it had to say.
"""

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import django

# How the rule on which versions replace which can be broken, to see whether anybody notices.
WEAKNESSES = {
    "anything replaces": "TRUE",
    "nothing replaces": "FALSE",
    "only later replaces": "stored.updated_at < EXCLUDED.updated_at",
}

# What PostgreSQL says, if anything, where it ends a connection: by itself, or by an administrator.
_ENDED = (None, "25P03", "57P01")


class Complaints(logging.Handler):
    """What the table of retries does not know: our own bugs, which would hide behind a retry."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the whole story."""
        self.heard.append(logging.Formatter().format(record))


class Naps:
    """Stands for the clock on which the limiter waits, and sums up what it sleeps.

    Not what it sleeps in little steps until another call ends: that is the machine's affair.
    """

    monotonic = staticmethod(time.monotonic)

    def __init__(self, *, step: float) -> None:
        self.seconds = 0.0
        self._step = step

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        if seconds > self._step:
            self.seconds += seconds
        time.sleep(seconds)


def take_turn(asked: dict[str, Any]) -> Any:
    """Do one turn of work as the tasks do, on a clock that is ahead of the real one."""
    from lrm.batch_jobs import job_worker
    from xero_sync.contacts import push_queue
    from xero_sync.runs import run_worker
    from xero_sync.sweeps import sweeper
    from xero_sync.webhooks import deliveries, event_processing

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=asked["ahead"])

    pk = asked["pk"]
    if asked["turn"] == "events":
        deliveries.unpack(now=clock())
    turns: dict[str, Callable[[], timedelta | None]] = {
        "events": lambda: event_processing.fetch_pending(organisation_id=pk, clock=clock),
        "sweep": lambda: sweeper.sweep(organisation_id=pk, clock=clock),
        "run": lambda: run_worker.work_on(run_id=pk, clock=clock),
        "job": lambda: job_worker.work_on(job_id=pk, clock=clock),
        "push": lambda: push_queue.push_waiting(portal_id=pk, clock=clock),
    }
    delay = turns[asked["turn"]]()
    return None if delay is None else delay.total_seconds()


def _live(asked: dict[str, Any], say: int) -> None:
    """Be a child: take the turn, tell how it went, end."""
    from xero_sync.api import rate_limiter

    # In this process, which ends with the turn, the limiter's module gets another clock.
    naps = Naps(step=2 * rate_limiter._STEP_SECONDS)
    rate_limiter.time = naps  # type: ignore[assignment, attr-defined] # it only has to sleep
    complaints = Complaints()
    logging.getLogger("xero_sync.jobs.retry_policy").addHandler(complaints)
    try:
        delay = take_turn(asked)
        said = {"delay": delay, "complaints": complaints.heard, "napped": naps.seconds}
    except BaseException as error:
        said = {
            "delay": None,
            "complaints": [traceback.format_exc()],
            "has_lost_database": has_lost_database(error),
        }
    os.write(say, json.dumps(said).encode())
    os._exit(0)


def has_lost_database(error: BaseException) -> bool:
    """Return whether a turn ended because PostgreSQL had ended its connection.

    By the error alone: Django may have made another connection by now.
    """
    from django.db import InterfaceError, OperationalError

    is_of_connection = isinstance(error, InterfaceError | OperationalError)
    return is_of_connection and getattr(error.__cause__, "pgcode", None) in _ENDED


class Nursery:
    """The children that live, by process id, and where to hear from them."""

    def __init__(self) -> None:
        self._ears: dict[int, int] = {}

    def start(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Fork a child that takes a turn."""
        hear, say = os.pipe()
        pid = os.fork()
        if pid == 0:
            _live(asked, say)
        os.close(say)
        self._ears[pid] = hear
        return {"pid": pid}

    def wait(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Wait for a child to end, so many seconds at most."""
        pid, ends = asked["pid"], time.monotonic() + asked["seconds"]
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > ends:
                return {"code": None}
            time.sleep(0.002)
        with os.fdopen(self._ears.pop(pid), "rb") as ear:
            said = ear.read()
        code = os.waitstatus_to_exitcode(status)
        return {"code": code, **(json.loads(said) if said and code == 0 else {})}


def main() -> None:
    """Serve until the input ends."""
    django.setup()
    from django.db import connection

    # Loaded once, for all children.
    from xero_sync.contacts import push_queue  # noqa: F401 - loaded for the children
    from xero_sync.runs import run_worker  # noqa: F401 - loaded for the children
    from xero_sync.store import upserts
    from xero_sync.sweeps import sweeper  # noqa: F401 - loaded for the children

    connection.settings_dict["NAME"] = sys.argv[1]
    # One that a schedule stops within a transaction holds its rows for less than 90 seconds.
    connection.settings_dict["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=20s"
    if len(sys.argv) > 2:
        upserts.NEWER = WEAKNESSES[sys.argv[2]]
    logging.disable(logging.WARNING)
    nursery = Nursery()
    for line in sys.stdin:
        asked = json.loads(line)
        answer = nursery.start(asked) if asked["do"] == "start" else nursery.wait(asked)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
