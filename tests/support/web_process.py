"""The web process with the image's own command, on this test's database: real HTTP.

What a test stores is seen there, so rows must be committed (`transactional_db`). Settings are the
tests', but https by address, as production has it: a proxy is played by a header.
"""

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import requests
from django.conf import settings
from django.db import connection

from lrm.demo import ports
from lrm.models import User
from tests.support import builders, processes, waiting
from tests.support.deployment_files import DOCKERFILE, SYSTEM

HOST = "lrm.example.com"
CSRF = "c" * 32
# What the names of cookies begin with wherever PUBLIC_URL is https.
COOKIES = "__Host-"
TRUSTED = {"Host": HOST, "X-Forwarded-Proto": "https"}


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers as they were sent, and body."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode(errors="replace")


@dataclass(frozen=True)
class Web:
    """A web process that answers."""

    port: int
    pid: int

    def send(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request as it is written here, through the proxy unless headers say else."""
        there = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            there.request(method, path, body, {**TRUSTED, **(headers or {})})
            answer = there.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            there.close()

    def get(self, path: str, user: User | None = None, **headers: str) -> Answer:
        """Ask for a page."""
        return self.send("GET", path, headers={**signed_in(user), **headers})

    def post(self, path: str, user: User | None = None, **fields: str) -> Answer:
        """Send a form."""
        body = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, body, {**signed_in(user), **form})


def signed_in(user: User | None) -> dict[str, str]:
    """Return the headers of a browser that is signed in, with a token for its forms."""
    return session_headers(builders.client_of(user).session.session_key if user else None)


def session_headers(session_key: str | None) -> dict[str, str]:
    """Return the same for a session that there is."""
    cookies = [f"{COOKIES}csrftoken={CSRF}"]
    if session_key is not None:
        cookies.append(f"{COOKIES}sessionid={session_key}")
    return {"Cookie": "; ".join(cookies), "X-CSRFToken": CSRF, "Referer": f"https://{HOST}/"}


def image_command(port: int) -> list[str]:
    """Return what the production image runs, on a port of this machine."""
    commands = re.findall(r"^CMD (\[.+\])$", DOCKERFILE, re.M)
    program, *arguments = json.loads(commands[-1])
    here = [one.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for one in arguments]
    return [sys.executable, "-m", program, *here]


def database_url() -> str:
    """Return the address of this test process's database, on whatever server it is."""
    of = connection.settings_dict
    who = quote(of["USER"]) + (f":{quote(of['PASSWORD'])}" if of["PASSWORD"] else "")
    where = f"{of['HOST']}:{of['PORT']}" if of["HOST"] else ""
    # libpq reads no plus sign as a space.
    options = urlencode(of.get("OPTIONS", {}), quote_via=quote)
    return f"postgresql://{who}@{where}/{of['NAME']}?{options}"


def answers(port: int) -> bool:
    """Return whether a worker has loaded the product: the port itself opens before."""
    try:
        requests.head(f"http://127.0.0.1:{port}/", timeout=1)
    except requests.RequestException:
        return False
    return True


@contextmanager
def started(environment: Mapping[str, str], log: Path | None = None) -> Iterator[Web]:
    """Run the image's command with these settings alone until the block ends."""
    port = ports.free_port()
    with (
        (log or Path("/dev/null")).open("ab") as written,
        subprocess.Popen(
            image_command(port),
            cwd=processes.ROOT,
            env={**SYSTEM, **environment},
            stdout=written,
            stderr=written,
        ) as process,
    ):
        try:
            assert waiting.wait_until(lambda: answers(port))
            yield Web(port, process.pid)
        finally:
            process.terminate()


@contextmanager
def running(log: Path | None = None, **changes: str) -> Iterator[Web]:
    """Run the product with the tests' settings, as if at `https://HOST` behind a proxy."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "PUBLIC_URL": f"https://{HOST}",
        "ALLOWED_HOSTS": HOST,
        "SECURE_SSL_REDIRECT": "True",
        **changes,
    }
    with started(environment, log) as web:
        yield web
