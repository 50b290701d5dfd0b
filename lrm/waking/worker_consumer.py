"""A worker that outlives its broker: however a connection is lost, it connects again.

Celery takes up most losses by itself. Some errors it takes for the end of the worker: kombu may
fail where it puts back messages by a connection that is closed already, and wraps some errors of a
connection so that Celery no longer knows them for one. No message is missed: beat wakes again.
"""

import logging
import time
from typing import Any

from celery.worker import consumer
from celery.worker.state import maybe_shutdown

logger = logging.getLogger(__name__)

# Between an error that nobody expected and the next try.
_PAUSE_SECONDS = 1.0


class Consumer(consumer.Consumer):
    """Celery's own consumer, which begins again where that one would end."""

    def start(self) -> None:
        """Consume until the worker is told to stop."""
        while True:
            try:
                super().start()
            except Exception:
                # Not what tells a worker to stop: those are no `Exception`.
                logger.exception("Consuming failed; it begins again")
                time.sleep(_PAUSE_SECONDS)
                maybe_shutdown()
                self._begin_again()
            else:
                return

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Let go of a lost connection, even where that fails."""
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:
            logger.warning("A lost connection could not be closed: %r", error)

    def _begin_again(self) -> None:
        connection: Any = self.connection
        self.connection = None
        if connection is not None:
            try:
                connection.collect(socket_timeout=1.0)
            except Exception as error:
                logger.warning("A lost connection could not be closed: %r", error)
        self.on_close()
        self.blueprint.restart(self)
