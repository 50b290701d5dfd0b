"""Sends messages to the broker in a thread of its own, so that no caller waits for it.

A broker may hang: it takes connections and answers nothing. Whoever answers a webhook or saves a
learner then must not stand still for it. Messages carry no work, so equal ones that wait are sent
once, and where sending fails all that wait are dropped: beat wakes again for every row.
"""

import atexit
import contextvars
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# More are not worth keeping: by then the broker has been away for long.
MOST_WAITING = 1000
# How long a process that ends waits for what it has not sent yet.
_LAST_SECONDS = 2.0


@dataclass(frozen=True)
class Message:
    """A task by its name, its arguments, its queue, and in how many seconds it should start."""

    name: str
    args: tuple[int, ...]
    named: tuple[tuple[str, int], ...]
    queue: str
    delay: float
    # Who asks: what is bound there, such as the trace that goes on, is bound where it is sent.
    context: contextvars.Context = field(
        default_factory=contextvars.copy_context, compare=False, repr=False
    )


class WakeSender:
    """One for each process. Safe in threads, and after a fork."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.flush, _LAST_SECONDS)

    def _begin(self) -> None:
        self._changed = threading.Condition()
        # In the order in which they came, each once.
        self._waiting: dict[Message, None] = {}
        self._is_sending = False
        self._thread: threading.Thread | None = None

    def put(self, message: Message) -> None:
        """Have a message sent soon."""
        with self._changed:
            if len(self._waiting) < MOST_WAITING:
                self._waiting[message] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="waking", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until all is sent or dropped; return whether that was so in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._is_sending, timeout=seconds
            )

    def _work(self) -> None:
        while True:
            with self._changed:
                self._is_sending = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                message = next(iter(self._waiting))
                del self._waiting[message]
                self._is_sending = True
            try:
                message.context.run(self._send, message)
            except OperationalError as error:
                self._drop(message, error)
            except Exception:
                # The thread must go on; whatever it was, beat wakes again.
                logger.exception("Waking for %s failed", message.name)

    def _drop(self, message: Message, error: Exception) -> None:
        with self._changed:
            dropped = len(self._waiting)
            self._waiting.clear()
        logger.warning(
            "The broker is away (%s); beat wakes again for %s and %s more",
            *(error, message.name, dropped),
        )
