"""Ringing: telling the workers, after commit, that there are rows to work on.

A bell carries no work and may be lost: beat rings for every open row again within 15 seconds. So
a broker that is down never fails the act that rang, and never delays it by retrying.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import redis
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Which queue serves what: people wait, events are fresh, bulk has time.
PEOPLE, EVENTS, BULK = "people", "events", "bulk"
TOGETHER_SECONDS = 0.2
_MARGIN_SECONDS = 0.05
CROWDED = 5000


def ring(task: Any, *args: int, queue: str, delay: float = 0.0) -> None:
    """Send a task once the current transaction has committed; at once where there is none.

    :param delay: seconds until it should start.
    """
    send: Callable[[], None] = partial(_send, task, args, queue, delay)
    transaction.on_commit(send)


def ringer() -> Callable[..., None]:
    """Return a `ring` for whoever rings for everything that waits, again and again.

    It leaves out queues in which thousands of bells wait: their workers are away or behind, and
    more bells would fill the broker's memory. The rows are rung for once there is room again.
    """
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=1)
    try:
        crowded = {name for name in (PEOPLE, EVENTS, BULK) if broker.llen(name) >= CROWDED}
    except redis.RedisError:
        crowded = set()
    finally:
        broker.close()
    for name in sorted(crowded):
        logger.warning("Thousands of bells wait in the queue %s: are its workers running?", name)

    def ring_where_there_is_room(task: Any, *args: int, queue: str) -> None:
        if queue not in crowded:
            ring(task, *args, queue=queue)

    return ring_where_there_is_room


def ring_for_many(task: Any, *, queue: str) -> None:
    """Send a task for a row that is committed, in one bell with those that follow closely.

    Composing a bell costs more than storing a webhook. The first is sent at once; those within
    `TOGETHER_SECONDS` after it share a later one. Needs no transaction around it.
    """
    delay = _together[task.name].delay_at(time.monotonic())
    if delay is not None:
        _send(task, (), queue, delay)


class Together:
    """Decides which of many bells to send. One for each task and process; safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Up to when a bell that is sent already will ring later than what comes now.
        self._served_until = float("-inf")

    def delay_at(self, now: float) -> float | None:
        """Return in how many seconds to ring, or None where a bell on its way is late enough."""
        with self._lock:
            if now < self._served_until:
                return None
            is_first = now - self._served_until >= TOGETHER_SECONDS
            self._served_until = now if is_first else now + TOGETHER_SECONDS
            # Later than it serves, since the worker's clock may be a little ahead of ours.
            return 0.0 if is_first else TOGETHER_SECONDS + _MARGIN_SECONDS


_together: defaultdict[str, Together] = defaultdict(Together)


def _send(task: Any, args: tuple[int, ...], queue: str, delay: float) -> None:
    try:
        task.apply_async(args=args, queue=queue, countdown=delay or None, retry=False)
    except OperationalError as error:
        logger.warning("The broker is away (%s); beat rings again for %s", error, task.name)
