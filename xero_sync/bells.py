"""Ringing: telling the workers, after commit, that there are rows to work on.

A bell carries no work and may be lost: beat rings for every open row again within 15 seconds. So
a broker that is down never fails the act that rang, and never delays it by retrying.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Which queue serves what: people wait, events are fresh, bulk has time.
PEOPLE, EVENTS, BULK = "people", "events", "bulk"


def ring(task: Any, *args: int, queue: str, delay: float = 0.0) -> None:
    """Send a task once the current transaction has committed; at once where there is none.

    :param delay: seconds until it should start.
    """
    send: Callable[[], None] = partial(_send, task, args, queue, delay)
    transaction.on_commit(send)


def _send(task: Any, args: tuple[int, ...], queue: str, delay: float) -> None:
    try:
        task.apply_async(args=args, queue=queue, countdown=delay or None, retry=False)
    except OperationalError as error:
        logger.warning("The broker is away (%s); beat rings again for %s", error, task.name)
