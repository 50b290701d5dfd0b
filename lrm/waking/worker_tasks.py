"""Waking workers: telling them, after commit, that there are rows to work on.

A worker is woken by the name of a task, so whoever makes or frees a row need not know the code that
works on it. The message carries no work and may be lost: beat wakes workers again for every row
that waits. So a broker that is away or hangs neither fails nor delays the act that wakes
(`wake_sender`).
"""

import dataclasses
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction

from lrm import valkey_clients
from lrm.waking import wake_sender

logger = logging.getLogger(__name__)

# Which queue serves what: people wait, events are fresh, bulk has time. Hooks wait for receivers
# outside, who may be slow, and so have workers of their own.
PEOPLE, EVENTS, BULK, HOOKS = QUEUES = ("people", "events", "bulk", "hooks")
# A message of beat's that nobody took for so long is as good as the next one, and must not pile
# up. It is far longer than clocks differ: a worker drops what has expired by its own.
EXPIRES_SECONDS = 300.0
TOGETHER_SECONDS = 0.2
_MARGIN_SECONDS = 0.05
CROWDED = 5000


@dataclasses.dataclass(frozen=True)
class WorkerTask:
    """A Celery task by its name, which stays in queues, and the queue it is sent to."""

    name: str
    queue: str = PEOPLE

    def wake(self, *args: int, delay: float = 0.0, **kwargs: int) -> None:
        """Wake a worker once the current transaction has committed; at once where there is none.

        :param delay: seconds until it should start.
        """
        transaction.on_commit(partial(self._send, args, kwargs, delay))

    def wake_together(self) -> None:
        """Wake a worker for a row that is committed and for those that follow it closely.

        Composing a message costs more than storing a webhook. The first is sent at once; those
        within `TOGETHER_SECONDS` after it share a later one. Needs no transaction around it.
        """
        delay = _together[self.name].delay_at(time.monotonic())
        if delay is not None:
            self._send((), {}, delay)

    def _send(self, args: tuple[int, ...], kwargs: dict[str, int], delay: float) -> None:
        named = tuple(sorted(kwargs.items()))
        _sender.put(wake_sender.Message(self.name, args, named, self.queue, delay))


def waker() -> Callable[..., None]:
    """Return what wakes for a task like its `wake`, for whoever does so again and again.

    It leaves out queues in which thousands of messages wait: their workers are away or behind, and
    more would fill the broker's memory. The rows have their turn once there is room again.
    """
    broker = valkey_clients.make_client(settings.CELERY_BROKER_URL)
    try:
        crowded = {name for name in QUEUES if broker.llen(name) >= CROWDED}
    except redis.RedisError:
        crowded = set()
    finally:
        broker.close()
    for name in sorted(crowded):
        logger.warning("Thousands of messages wait in the queue %s: do its workers run?", name)

    def wake_where_there_is_room(task: WorkerTask, *args: int) -> None:
        if task.queue not in crowded:
            task.wake(*args)

    return wake_where_there_is_room


class Together:
    """Decides which of many messages to send. One for each task and process; safe in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Up to when a message that is sent already will arrive later than what comes now.
        self._served_until = float("-inf")

    def delay_at(self, now: float) -> float | None:
        """Return in how many seconds to wake, or None where a message on its way is late enough."""
        with self._lock:
            if now < self._served_until:
                return None
            is_first = now - self._served_until >= TOGETHER_SECONDS
            self._served_until = now if is_first else now + TOGETHER_SECONDS
            # Later than it serves, since the worker's clock may be a little ahead of ours.
            return 0.0 if is_first else TOGETHER_SECONDS + _MARGIN_SECONDS


def flush(seconds: float) -> bool:
    """Wait until every message is with the broker; return whether that was so in time."""
    return _sender.flush(seconds)


def _send(message: wake_sender.Message) -> None:
    current_app.send_task(
        message.name,
        message.args,
        dict(message.named),
        queue=message.queue,
        countdown=message.delay or None,
        retry=False,
    )


_sender = wake_sender.WakeSender(_send)
_together: defaultdict[str, Together] = defaultdict(Together)
