"""A recorder between a client and Xero's interfaces: passes every call on, and notes both ends."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

TIMEOUT = 30
# Said anew by whoever passes a message on; and compression, so that answers can be read here.
_OWN = frozenset({"host", "connection", "content-length", "accept-encoding", "transfer-encoding"})


@dataclass(frozen=True)
class Call:
    """What was asked. The names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    sent: Any


@dataclass(frozen=True)
class Exchange(Call):
    """One call and its answer."""

    status: int
    answer: Any


@dataclass
class Recorder:
    """Where to call, and what was called so far."""

    url: str
    exchanges: list[Exchange] = field(default_factory=list)


@contextlib.contextmanager
def between(target: str) -> Iterator[Recorder]:
    """Run a recorder in front of `target` while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = requests.request(
                self.command,
                target + self.path,
                data=sent,
                headers={name: one for name, one in headers.items() if name not in _OWN},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            recorder.exchanges.append(_exchange(self.command, self.path, headers, sent, answer))
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in {*_OWN, "content-encoding"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the tests read `exchanges`."""

    for method in ("GET", "PUT", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.pass_on)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder = Recorder(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _exchange(
    method: str, address: str, headers: Mapping[str, str], sent: bytes, answer: requests.Response
) -> Exchange:
    parts = urlsplit(address)
    is_json = "json" in answer.headers.get("Content-Type", "")
    return Exchange(
        method=method,
        path=parts.path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        sent=json.loads(sent) if sent else None,
        status=answer.status_code,
        answer=answer.json() if is_json else None,
    )
