"""A program that receives what we post, on a free port, whose answers a test chooses.

`receiver` is a fixture that every test finds by its name.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass(frozen=True)
class Got:
    """One POST as it arrived; names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Return the message's id."""
        return self.headers["webhook-id"]

    @property
    def content(self) -> dict[str, Any]:
        """Return the body, read."""
        content: dict[str, Any] = json.loads(self.body)
        return content


@dataclass
class Receiver:
    """What arrived, and how to answer from now on: by a status and headers beside it."""

    url: str
    answer: Callable[[Got], int] = lambda got: 204
    headers: dict[str, str] = field(default_factory=dict)
    got: list[Got] = field(default_factory=list)
    # Who hangs does so until the block ends.
    released: threading.Event = field(default_factory=threading.Event)

    def hang(self, got: Got) -> int:
        """Answer nothing for as long as the test goes on."""
        self.released.wait()
        return 204


@contextmanager
def listening() -> Iterator[Receiver]:
    """Run a receiver while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.path, headers, body)
            made.got.append(got)
            status = made.answer(got)
            self.send_response(status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                # Whoever gave up waiting has closed the connection.
                return

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the tests read `got`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Receiver(f"http://127.0.0.1:{server.server_port}/hooks?from=lrm")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a program that listens."""
    with listening() as running:
        yield running
