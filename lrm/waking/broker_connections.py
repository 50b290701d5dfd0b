"""Connections to the broker that are made anew once it takes no changes any more.

After a fail-over the primary of before may live on as a replica: it answers, and refuses every
message. Celery keeps the connection for as long as it answers, and what sends without trying again,
as the sender does, would be refused until its process is started anew.
"""

from typing import Any

import redis
from kombu.transport import redis as transport

from lrm import valkey_clients


class Connection(redis.Connection):
    """One that is closed at such a refusal, and made once more for the same command."""

    def __init__(self, **options: Any) -> None:
        options["retry"] = valkey_clients.once_more(redis.ReadOnlyError)
        # redis-py gives this one no types, and the encrypted one some.
        super().__init__(**options)  # type: ignore[no-untyped-call]


class SSLConnection(redis.SSLConnection):
    """The same, encrypted."""

    def __init__(self, **options: Any) -> None:
        options["retry"] = valkey_clients.once_more(redis.ReadOnlyError)
        super().__init__(**options)


def install() -> None:
    """Have Celery use them in this process."""
    transport.Channel.connection_class = Connection
    transport.Channel.connection_class_ssl = SSLConnection
