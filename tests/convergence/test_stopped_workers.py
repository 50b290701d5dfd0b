"""Who was stopped may lose its database, which ends what idles; who was not stopped must not."""

import signal
from contextlib import closing
from datetime import timedelta

import psycopg2
import pytest
from django.db import OperationalError, connection, transaction

from tests.convergence import worker as workers
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


def lose_connection() -> None:
    """Have PostgreSQL end the connection in the midst of a transaction."""
    with (
        closing(psycopg2.connect(**connection.get_connection_params())) as other,
        transaction.atomic(),
    ):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            mine = cursor.fetchone()
        other.cursor().execute("SELECT pg_terminate_backend(%s, 5000)", mine)


@pytest.mark.django_db(transaction=True)
def test_connection_that_ends_within_a_transaction_is_known_for_lost() -> None:
    """Django makes another one at once."""
    with pytest.raises(OperationalError) as lost:
        lose_connection()

    assert workers.has_lost_database(lost.value)


@pytest.mark.django_db(transaction=True)
def test_wait_for_a_lock_that_ends_is_no_lost_connection() -> None:
    with closing(psycopg2.connect(**connection.get_connection_params())) as other:
        other.cursor().execute("LOCK TABLE lrm_portal")
        with pytest.raises(OperationalError) as refused, connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10ms'; LOCK TABLE lrm_portal")
    connection.close()

    assert not workers.has_lost_database(refused.value)
