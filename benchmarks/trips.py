"""Counting what a piece of work asks of PostgreSQL and of Valkey, one round trip at a time.

Every statement is one, `BEGIN`, `COMMIT`, savepoints and COPY included; for Valkey one packet sent,
however many commands are in it. What opens a connection is none: whether a pool has one free hangs
on which threads came at the same moment. Counted is what all threads of this process send, so
nothing else may run in it meanwhile.
"""

import itertools
import re
import statistics
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import redis.connection
from django.db import connections
from django.db.backends.signals import connection_created
from psycopg2 import extensions

from lrm.waking import worker_tasks

# What says the same of two statements: no values.
_VALUES = re.compile(r"'[^']*'|\b\d+\b|\s+")
_LONGEST = 110
_PATIENCE_SECONDS = 10.0


@dataclass
class Trips:
    """How many round trips, and which statements they were."""

    statements: list[str] = field(default_factory=list)
    valkey: int = 0

    @property
    def postgres(self) -> int:
        """The round trips to PostgreSQL."""
        return len(self.statements)

    @property
    def transactions(self) -> int:
        """How many of them were a BEGIN."""
        return self.statements.count("BEGIN")

    def apart(self, beginning: str) -> float:
        """Return how many round trips lie between two statements that begin so, as a median."""
        found = [at for at, one in enumerate(self.statements) if one.startswith(beginning)]
        return statistics.median(after - at for at, after in itertools.pairwise(found))

    def by_statement(self) -> str:
        """Return the statements with how often each came, for people to read."""
        seen = Counter(_VALUES.sub(" ", one).strip()[:_LONGEST] for one in self.statements)
        return "\n".join(f"{count:4} x {text}" for text, count in seen.most_common())


@contextmanager
def counted() -> Iterator[Trips]:
    """Count until the block ends, with the messages to workers that it leaves behind.

    Those are sent by a thread of their own. So what earlier work has left to it goes first.
    """
    trips = Trips()
    _let_messages_go()
    with _postgres_counted(trips), _valkey_counted(trips):
        yield trips
        _let_messages_go()


def _let_messages_go() -> None:
    assert worker_tasks.flush(_PATIENCE_SECONDS), "The broker takes no messages."


@contextmanager
def _postgres_counted(trips: Trips) -> Iterator[None]:
    class Cursor(extensions.cursor):
        """A cursor that notes what it sends."""

        def _note(self, query: Any) -> None:
            status = self.connection.info.transaction_status
            if not self.connection.autocommit and status == extensions.TRANSACTION_STATUS_IDLE:
                trips.statements += ["BEGIN", "COMMIT"]
            trips.statements.append(query if isinstance(query, str) else bytes(query).decode())

        def execute(self, query: Any, vars: Any = None) -> None:
            self._note(query)
            super().execute(query, vars)

        def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
            self._note(sql)
            super().copy_expert(sql, file, size)

    def count(connection: Any, **_: object) -> None:
        connection.connection.cursor_factory = Cursor

    known = [one for one in connections.all() if one.connection is not None]
    usual = [one.connection.cursor_factory for one in known]
    for one in known:
        count(one)
    connection_created.connect(count)
    try:
        yield
    finally:
        connection_created.disconnect(count)
        for one, factory in zip(known, usual, strict=True):
            one.connection.cursor_factory = factory


@contextmanager
def _valkey_counted(trips: Trips) -> Iterator[None]:
    kind: Any = redis.connection.AbstractConnection
    send, greet = kind.send_packed_command, kind.on_connect_check_health
    greeting = threading.local()

    def send_counted(self: Any, *arguments: Any, **named: Any) -> Any:
        trips.valkey += not getattr(greeting, "is_on", False)
        return send(self, *arguments, **named)

    def greet_uncounted(self: Any, *arguments: Any, **named: Any) -> Any:
        greeting.is_on = True
        try:
            return greet(self, *arguments, **named)
        finally:
            greeting.is_on = False

    kind.send_packed_command, kind.on_connect_check_health = send_counted, greet_uncounted
    try:
        yield
    finally:
        kind.send_packed_command, kind.on_connect_check_health = send, greet
