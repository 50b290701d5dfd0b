"""Who was stopped may lose its database, which ends what idles; who was not stopped must not."""

import signal
from datetime import timedelta

import pytest
from django.db import connection

from tests.convergence.stage import Stage


@pytest.fixture
def worker(stage: Stage) -> int:
    """Give a worker in a sweep that waits for Xero."""
    stage.make_due()
    stage.world.do("faults", match={"host": "api"}, answer={"late_seconds": 3600})
    pid = stage.start("sweep")
    assert pid is not None
    assert stage.until_held(pid)
    return pid


def take_the_database_away(stage: Stage) -> None:
    """End all connections but this one, and let Xero answer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
    stage.world.heal()
    stage.later(timedelta(hours=2))


def test_worker_that_was_stopped_ends_without_a_complaint(stage: Stage, worker: int) -> None:
    stage.crew.signal(worker, signal.SIGSTOP)
    stage.stalled.append(worker)
    take_the_database_away(stage)

    stage.wake()

    assert stage.converge() == {}


def test_worker_that_nobody_stopped_complains(stage: Stage, worker: int) -> None:
    take_the_database_away(stage)

    with pytest.raises(AssertionError, match=r"OperationalError|InterfaceError"):
        stage.finish(worker)
