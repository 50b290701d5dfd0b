"""A real webhook receiver on a free port, whose answers a test chooses."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "a-webhook-key-of-a-test"


@dataclass
class Post:
    """One POST as it arrived."""

    body: bytes
    signature: str

    @property
    def is_signed(self) -> bool:
        """Tell whether the signature fits the raw bytes."""
        digest = hmac.new(KEY.encode(), self.body, hashlib.sha256).digest()
        return hmac.compare_digest(base64.b64encode(digest).decode(), self.signature)

    @property
    def content(self) -> dict[str, Any]:
        """Return the body, read."""
        content: dict[str, Any] = json.loads(self.body)
        return content


@dataclass(frozen=True)
class Answer:
    """What the receiver answers."""

    status: int
    body: bytes = b""
    cookie: str = ""


def careful(post: Post) -> Answer:
    """Answer as Xero asks: 200 to a good signature, 401 to a bad one, never a body."""
    return Answer(200 if post.is_signed else 401)


@dataclass
class Receiver:
    """What arrived, and how to answer from now on."""

    url: str
    answer: Callable[[Post], Answer] = careful
    posts: list[Post] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return the events of all well signed posts, in the order of arrival."""
        return [event for post in self.posts if post.is_signed for event in post.content["events"]]


@contextmanager
def listening() -> Iterator[Receiver]:
    """Run a receiver while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            post = Post(body, self.headers["x-xero-signature"])
            receiver.posts.append(post)
            answer = receiver.answer(post)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.cookie:
                self.send_header("Set-Cookie", answer.cookie)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the tests read `posts`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hooks")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
