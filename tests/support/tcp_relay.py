"""An address that moves: what connects to it from then on reaches another server.

So a name or a virtual address does that is pointed at the new primary of a service. Connections
that stand are left where they are.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_CHUNK = 65_536


class Relay:
    """A port of this machine that passes on what it gets, both ways."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def point_at(self, port: int) -> None:
        """Have new connections reach another server."""
        self._to_port = port

    def close(self) -> None:
        """End it, and every connection by it."""
        # Without the first, a thread that waits for a connection would hold the port.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            one.close()

    def _serve(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            theirs = socket.create_connection(("127.0.0.1", self._to_port))
            self._open += [ours, theirs]
            for source, target in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def running(to_port: int) -> Iterator[Relay]:
    """Run one until the block ends."""
    relay = Relay(to_port)
    try:
        yield relay
    finally:
        relay.close()
