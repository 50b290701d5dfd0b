"""The queues as workers find them: what they are woken for, and answering it."""

import base64
import json
from typing import Any

import redis
from celery import current_app
from django.conf import settings

from lrm.waking import worker_tasks
from lrm.waking.worker_tasks import QUEUES

# The name of a task, and its arguments.
Message = tuple[str, list[int]]


class Broker:
    """The broker's side of waking."""

    def __init__(self) -> None:
        self.valkey = redis.Redis.from_url(settings.CELERY_BROKER_URL)

    def lose_all(self) -> None:
        """Lose every message, and whatever else Valkey holds."""
        assert worker_tasks.flush(10)
        self.valkey.flushdb()

    def waiting(self) -> list[Message]:
        """Return what workers are woken for; arguments by name come without their names."""
        return [
            (name, [*args, *named.values()])
            for queue in QUEUES
            for name, args, named in self._messages(queue)
        ]

    def length(self, queue: str) -> int:
        """Return how many messages wait in a queue."""
        assert worker_tasks.flush(10)
        return int(self.valkey.llen(queue))

    def answer(self) -> None:
        """Do what workers are woken for, and what that wakes them for, until it is quiet."""
        while found := [message for queue in QUEUES for message in self._messages(queue)]:
            self.valkey.delete(*QUEUES)
            for name, args, named in found:
                current_app.tasks[name](*args, **named)

    def _messages(self, queue: str) -> list[tuple[str, list[int], dict[str, int]]]:
        assert worker_tasks.flush(10)
        return [_read(message) for message in self.valkey.lrange(queue, 0, -1)]


def _read(message: Any) -> tuple[str, list[int], dict[str, int]]:
    told = json.loads(message)
    args, named, _ = json.loads(base64.b64decode(told["body"]))
    return told["headers"]["task"], args, named
