"""What others may listen to. Sent after commit, so that a receiver sees what it is told about.

`connected`: arguments `connection`, `reconnected` (bool: there was a connection before) and
`same_organisation` (bool: to the organisation it points to now). `disconnected`: `connection`.
Receivers wake workers; a receiver that fails must not undo anything, so both are sent robustly.
"""

import logging
from collections.abc import Sequence

from django.dispatch import Signal

from connected_apps.models import Connection

logger = logging.getLogger(__name__)

connected = Signal()
disconnected = Signal()


def send_connected(*, connection: Connection, reconnected: bool, same_organisation: bool) -> None:
    """Tell everyone that a connection stands."""
    _report(
        connected.send_robust(
            sender=Connection,
            connection=connection,
            reconnected=reconnected,
            same_organisation=same_organisation,
        )
    )


def send_disconnected(*, connection: Connection) -> None:
    """Tell everyone that a connection has ended."""
    _report(disconnected.send_robust(sender=Connection, connection=connection))


def _report(answers: Sequence[tuple[object, object]]) -> None:
    for receiver, answer in answers:
        if isinstance(answer, Exception):
            logger.error("Receiver %r failed", receiver, exc_info=answer)
