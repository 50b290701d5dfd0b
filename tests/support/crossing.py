"""Two transactions that meet half-way, each on a database connection of its own.

A third one keeps a row until both wait, the first for it. So their statements come in the order in
which a deadlock would need them, every time, and no test has to be lucky.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection, models, transaction

from tests.support import waiting

Work = Callable[[], object]


def meet(first: Work, second: Work, *, kept: models.QuerySet[models.Model]) -> None:
    """Let `first` begin and come upon what is kept, then `second`; then let both go on.

    :raises OperationalError: the two wait for each other.
    """
    with ThreadPoolExecutor(2) as threads:
        with transaction.atomic():
            assert list(kept.select_for_update()), "there is nothing to keep"
            ends = [_begin(threads, work) for work in (first, second)]
        for end in ends:
            end.result()


def _begin(threads: ThreadPoolExecutor, work: Work) -> "Future[None]":
    """Begin, and come back once a lock keeps it from going on."""
    pids: list[int] = []
    is_begun = threading.Event()

    def run() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.append(cursor.fetchone()[0])
            is_begun.set()
            work()
        finally:
            is_begun.set()
            connection.close()

    end = threads.submit(run)
    is_begun.wait(waiting.TIMEOUT)
    assert waiting.wait_until(lambda: end.done() or _waits(pids[0]))
    assert not end.done(), f"nothing kept it from ending: {end.exception()}"
    return end


def _waits(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE pid = %s AND NOT granted", [pid])
        return cursor.fetchone() is not None


def with_plan(work: Work, *, by_index: bool) -> Work:
    """Have PostgreSQL come upon rows by an index, or as they lie in the table: it may do either."""

    def planned() -> None:
        ways = ("seqscan", "bitmapscan") if by_index else ("indexscan", "bitmapscan")
        with connection.cursor() as cursor:
            for way in ways:
                cursor.execute(f"SET enable_{way} = off")
        work()

    return planned
