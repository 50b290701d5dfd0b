"""Counts of what happens in any process, added up in Valkey for `/metrics` and for nothing else.

Whoever counts only adds to a number of its own process; a thread adds that to Valkey's every two
seconds, so that no webhook waits for it. What a killed process had not added yet is missing, and
where Valkey is flushed all counts begin anew, as a counter of Prometheus may.
"""

import atexit
import logging
import os
import threading
import time
from collections import Counter

import redis

from lrm import valkey_clients

logger = logging.getLogger(__name__)

EVERY_SECONDS = 2.0
KEY = "lrm-tallies"
# Names are the product's own; a fault that made up names must not fill the memory.
MOST = 500
_BETWEEN = "|"


class Tallies:
    """One for each process. Safe in threads, and after a fork."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.flush)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._thread: threading.Thread | None = None

    def add(self, name: str, label: str) -> None:
        """Count one."""
        with self._lock:
            key = f"{name}{_BETWEEN}{label}"
            if key in self._counts or len(self._counts) < MOST:
                self._counts[key] += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="tallies", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Add what was counted to Valkey's counts; keep it where Valkey is away."""
        with self._lock:
            counted, self._counts = self._counts, Counter()
        if not counted:
            return
        try:
            _add(counted)
        except redis.RedisError as error:
            logger.debug("Valkey took no counts: %s", type(error).__name__)
            with self._lock:
                self._counts.update(counted)

    def _work(self) -> None:
        while True:
            time.sleep(EVERY_SECONDS)
            self.flush()


def totals() -> dict[tuple[str, str], int]:
    """Return every count by name and label.

    :raises redis.RedisError: Valkey is away.
    """
    server = valkey_clients.make_client()
    try:
        kept = server.hgetall(KEY)
    finally:
        server.close()
    found = {}
    for key, count in kept.items():
        # Bytes, for this client is not told to read them.
        text = key.decode() if isinstance(key, bytes) else key
        name, _, label = text.partition(_BETWEEN)
        found[name, label] = int(count)
    return found


def add(name: str, label: str) -> None:
    """Count one of a kind: a name of a metric, and its one label's value."""
    _own.add(name, label)


def flush() -> None:
    """Have this process's counts seen now."""
    _own.flush()


def _add(counted: Counter[str]) -> None:
    server = valkey_clients.make_client()
    try:
        sending = server.pipeline(transaction=True)
        for key, count in counted.items():
            sending.hincrby(KEY, key, count)
        sending.execute()
    finally:
        server.close()


_own = Tallies()
