"""The proxy of docker-compose.yml, the very version, with the repository's own Caddyfile."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from lrm.demo import ports
from tests.support import processes, waiting
from tests.support.deployment_files import SYSTEM

CADDYFILE = processes.ROOT / "deploy" / "Caddyfile"
PROGRAM = Path(sys.executable).parent / "caddy"


@dataclass(frozen=True)
class Proxy:
    """A proxy that answers, on three ports of this machine."""

    https_port: int
    http_port: int
    health_port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Return the address that people open."""
        return f"https://localhost:{self.https_port}"

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        data: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """Ask over https, and follow no redirect. The certificate is Caddy's own for localhost.

        :param stream: leave the body of the answer unread.
        """
        return requests.request(
            method,
            f"{self.url}{path}",
            data=data,
            headers=headers,
            verify=False,  # noqa: S501 - made for localhost by the proxy itself
            allow_redirects=False,
            stream=stream,
            timeout=waiting.TIMEOUT,
        )

    def ask_plainly(self, path: str, *, method: str = "GET") -> requests.Response:
        """Ask over plain http, and follow no redirect."""
        return requests.request(
            method,
            f"http://localhost:{self.http_port}{path}",
            allow_redirects=False,
            timeout=waiting.TIMEOUT,
        )

    def connect(self) -> ssl.SSLSocket:
        """Open a connection that says nothing yet."""
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("localhost", self.https_port), timeout=waiting.TIMEOUT)
        return trusting.wrap_socket(plain, server_hostname="localhost")


@contextmanager
def running(place: Path, *, web_port: int) -> Iterator[Proxy]:
    """Run it before a web process until the block ends; its log is `proxy.log` in `place`."""
    https_port, http_port, health_port = (ports.free_port() for _ in range(3))
    environment = {
        **SYSTEM,
        "PUBLIC_URL": f"https://localhost:{https_port}",
        "WEB": f"127.0.0.1:{web_port}",
        "HTTPS_PORT": str(https_port),
        "HTTP_PORT": str(http_port),
        "HEALTH_PORT": str(health_port),
        "XDG_DATA_HOME": str(place / "data"),
        "XDG_CONFIG_HOME": str(place / "config"),
    }
    command = [os.fspath(PROGRAM), "run", "--config", os.fspath(CADDYFILE)]
    with (
        (place / "proxy.log").open("wb") as log,
        subprocess.Popen(
            [*command, "--adapter", "caddyfile"], env=environment, stdout=log, stderr=log
        ) as process,
    ):
        try:
            proxy = Proxy(https_port, http_port, health_port, process)
            assert waiting.wait_until(lambda: _has_certificate(proxy)), (
                place / "proxy.log"
            ).read_text()
            yield proxy
        finally:
            process.send_signal(signal.SIGTERM)


def _has_certificate(proxy: Proxy) -> bool:
    """Return whether it answers, and has made itself a certificate, which takes a moment longer."""
    try:
        answers = requests.get(f"http://127.0.0.1:{proxy.health_port}/", timeout=1).ok
        proxy.connect().close()
    except (requests.RequestException, OSError):
        return False
    return answers
