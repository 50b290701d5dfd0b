"""What others may listen to.

`connected` is sent inside the transaction that connects, which holds the connection's lock: what a
receiver makes for the new connection commits with it, and where a receiver fails nothing was
connected. Arguments: `connection`, `reconnected` (bool: there was a connection before) and
`same_organisation` (bool: to the organisation it points to now).

`disconnected` is sent after commit. Argument: `connection`. A receiver that fails must not undo
anything, so it is sent robustly.
"""

import logging

from django.dispatch import Signal

from connected_apps.models import Connection

logger = logging.getLogger(__name__)

connected = Signal()
disconnected = Signal()


def send_connected(*, connection: Connection, reconnected: bool, same_organisation: bool) -> None:
    """Tell everyone that a connection is being made, in the transaction that makes it."""
    connected.send(
        sender=Connection,
        connection=connection,
        reconnected=reconnected,
        same_organisation=same_organisation,
    )


def send_disconnected(*, connection: Connection) -> None:
    """Tell everyone that a connection has ended."""
    answers = disconnected.send_robust(sender=Connection, connection=connection)
    for receiver, answer in answers:
        if isinstance(answer, Exception):
            logger.error("Receiver %r failed", receiver, exc_info=answer)
