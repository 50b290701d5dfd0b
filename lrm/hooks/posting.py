"""One POST to a target: no redirect followed, seconds at most, and the answer's text left unread.

What a receiver writes is not kept: it may be anything, also somebody's name.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from lrm.hooks import targets
from lrm.version import VERSION

# A silence ends it, and so does all of it taken together: an answer may drip.
SILENT_SECONDS = 5.0
WHOLE_SECONDS = 10.0
GONE = 410


@dataclass(frozen=True)
class Outcome:
    """What became of a try: the status where there was an answer, and words for people."""

    status: int | None
    words: str

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Post a body and return what became of it. Never raises."""
    try:
        target = targets.parse(url)
        address = targets.address_of(target)
        return _send(target, address, body, headers)
    except targets.NotAllowed as problem:
        return Outcome(None, str(problem))
    except targets.NotFound:
        return Outcome(None, "Its name is not found")
    except ssl.SSLCertVerificationError as error:
        return Outcome(None, f"Its certificate is not valid: {error.verify_message}"[:300])
    except ssl.SSLError:
        return Outcome(None, "It does not speak TLS as it should")
    except TimeoutError:
        return Outcome(None, f"No answer within {SILENT_SECONDS:.0f} seconds")
    except ConnectionRefusedError:
        return Outcome(None, "It refuses connections")
    except (OSError, http.client.HTTPException):
        return Outcome(None, "The connection broke before an answer")


def _send(target: targets.Target, address: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    connection = http.client.HTTPConnection(target.host, target.port, timeout=SILENT_SECONDS)
    try:
        sock = socket.create_connection((address, target.port), timeout=SILENT_SECONDS)
        # Given to `http.client`, which then connects nowhere by itself.
        connection.sock = sock
        with _ended_after(sock) as is_over:
            try:
                if target.is_https:
                    context = ssl.create_default_context()
                    connection.sock = context.wrap_socket(sock, server_hostname=target.host)
                connection.request(
                    "POST",
                    target.path,
                    body,
                    {
                        "Host": _host_header(target),
                        "Content-Type": "application/json",
                        "User-Agent": f"lrm-webhooks/{VERSION}",
                        "Connection": "close",
                        **headers,
                    },
                )
                status = connection.getresponse().status
            except (OSError, http.client.HTTPException):
                if is_over.is_set():
                    raise TimeoutError from None
                raise
            # Cut off among its headers, an answer reads as if it had ended there.
            if is_over.is_set():
                raise TimeoutError
    finally:
        connection.close()
    return Outcome(status, _words_of(status))


@contextlib.contextmanager
def _ended_after(sock: socket.socket) -> Iterator[threading.Event]:
    """Shut a socket down after `WHOLE_SECONDS`, however busy it is."""
    is_over = threading.Event()
    # TLS goes over the same descriptor but takes the socket's own object away.
    descriptor = socket.socket(fileno=socket.dup(sock.fileno()))

    def end() -> None:
        is_over.set()
        with contextlib.suppress(OSError):
            descriptor.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(WHOLE_SECONDS, end)
    timer.daemon = True
    timer.start()
    try:
        yield is_over
    finally:
        timer.cancel()
        descriptor.close()


def _host_header(target: targets.Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    is_usual = target.port == (443 if target.is_https else 80)
    return host if is_usual else f"{host}:{target.port}"


def _words_of(status: int) -> str:
    if 300 <= status < 400:
        return f"{status}: it redirects, which is not followed"
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
