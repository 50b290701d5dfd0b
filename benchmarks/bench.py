"""The bench: throw-away services, simulators and product processes for one figure after another.

A figure gets real servers and a database of its own. The product runs with the settings of
production (`DEBUG` off): with it on, Django keeps every query, which no user ever pays for.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import requests

from lrm.demo import ports, stack, supervisor
from lrm.local import local_services

ROOT = stack.ROOT
READY_SECONDS = 180.0
# Where limits are not what is measured: the limiter is asked all the same, but never says wait.
# Both sides must agree, because the product believes what Xero says is left.
NO_LIMITS = {
    "XERO_MINUTE_LIMIT": "1000000",
    "XERO_DAY_LIMIT": "1000000",
    "XERO_APP_MINUTE_LIMIT": "1000000",
}
WITHOUT_LIMITS = (
    *("--no-limits", "--minute-limit", "1000000"),
    *("--day-limit", "1000000", "--app-minute-limit", "1000000"),
)
# Made up; they never leave this machine.
_SECRETS = {
    "SECRET_KEY": "made-up-for-measuring-0b7e5d2c94f1a8634c7d90e2",
    "TOKEN_ENCRYPTION_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMtb2s=",
}


class PartFailed(RuntimeError):
    """A process of a figure did not do its part; the message says what it said."""


class Simulator:
    """A running simulator and its control interface."""

    def __init__(self, url: str) -> None:
        self.url = url

    def show(self, path: str, **query: Any) -> Any:
        """GET a control address."""
        return self._answer(requests.get(f"{self.url}/simulator/{path}", query, timeout=120))

    def do(self, path: str, **body: Any) -> Any:
        """POST to a control address."""
        return self._answer(requests.post(f"{self.url}/simulator/{path}", json=body, timeout=120))

    def forget_calls(self) -> None:
        """Empty the log of calls."""
        self._answer(requests.delete(f"{self.url}/simulator/calls", timeout=30))

    def calls(self) -> list[dict[str, Any]]:
        """Return the accounting calls since the log was emptied."""
        everything: list[dict[str, Any]] = self.show("calls")
        return [one for one in everything if one["path"].startswith("/api.xro/")]

    def _answer(self, answer: requests.Response) -> Any:
        answer.raise_for_status()
        return answer.json()


class Bench:
    """Servers and processes below one directory. Everything stops with `close`."""

    def __init__(self, directory: Path, *, smoke: bool) -> None:
        self.directory = directory
        self.smoke = smoke
        # Another server, on this machine too, takes the place of the one from the pip package. Its
        # databases stay.
        other = os.environ.get("BENCH_DATABASE_URL")
        self.database_url = other or local_services.database_url(directory)
        self.redis_url = local_services.redis_url(directory)
        self._databases = 0
        self._migrated = ""
        self._processes = 0
        self._logs = directory / "logs"

    def close(self) -> None:
        """Let go of the servers; processes ended with their blocks."""
        local_services.leave(self.directory)

    def size(self, full: int, tiny: int) -> int:
        """Return how much of something: enough to measure, or just enough to run through."""
        return tiny if self.smoke else full

    @property
    def rounds(self) -> int:
        """Return how often each contender runs."""
        return self.size(3, 1)

    @contextmanager
    def simulator(self, *options: str, webhook_url: str = "") -> Iterator[Simulator]:
        """Run a simulator; it ends with the block."""
        port = ports.free_port()
        told = ["--webhook-url", webhook_url, "--webhook-key", stack.WEBHOOK_KEY]
        with self.process(
            "simulator",
            [
                *(sys.executable, "-m", "xero_simulator", "--port", str(port)),
                *(told if webhook_url else []),
                *options,
            ],
            environment=dict(os.environ),
            ready_line=r"xero_simulator ready at",
        ):
            yield Simulator(f"http://localhost:{port}")

    @contextmanager
    def process(
        self,
        name: str,
        command: list[str],
        *,
        environment: dict[str, str],
        ready_line: str | None = None,
        ready_url: str | None = None,
    ) -> Iterator[supervisor.Child]:
        """Run a process until the block ends."""
        self._processes += 1
        with supervisor.Supervisor(logs=self._logs, root=ROOT) as only:
            child = only.start(
                f"{self._processes:03}-{name}",
                command,
                environment=environment,
                ready_line=ready_line,
                ready_url=ready_url,
            )
            only.wait_until_ready(child, seconds=READY_SECONDS)
            yield child

    def part(
        self, name: str, *arguments: str, environment: dict[str, str], seconds: float = 300
    ) -> dict[str, Any]:
        """Run a program of `benchmarks.parts` to its end and return what it measured.

        :raises PartFailed: it ended with an error; with what it said.
        """
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.parts.{name}", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return answer_of(name, done)

    def _settings(
        self, simulator: Simulator | None, *, template: str, **settings: str
    ) -> dict[str, str]:
        """Return the settings of a product on an empty Valkey and a copy of a database."""
        self._databases += 1
        xero = stack.xero_settings(simulator.url if simulator else "http://localhost:9")
        return {
            **_SECRETS,
            **xero,
            "DEBUG": "False",
            "LOG_LEVEL": "WARNING",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "PUBLIC_URL": "http://localhost:8000",
            "LOCAL_DIR": str(self.directory),
            "EMAIL_URL": f"filemail:///{self.directory / 'mail'}",
            "DATABASE_URL": self._new_database(f"bench_{os.getpid()}_{self._databases}", template),
            "REDIS_URL": f"{self.redis_url.removesuffix('/0')}/{self._databases}",
            **settings,
        }

    def product(self, simulator: Simulator | None, **settings: str) -> dict[str, str]:
        """Return the environment of a product whose tables are made."""
        template = self._migrated or self._migrate()
        return environment_of(self._settings(simulator, template=template, **settings))

    def _migrate(self) -> str:
        """Make the tables once, and return the name of the database that others are copies of."""
        settings = self._settings(None, template="template1")
        self.manage("migrate", "-v", "0", environment=environment_of(settings))
        self._migrated = urlsplit(settings["DATABASE_URL"]).path.removeprefix("/")
        return self._migrated

    def manage(self, *arguments: str, environment: dict[str, str]) -> None:
        """Run a management command.

        :raises PartFailed: it ended with an error; with what it said.
        """
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=READY_SECONDS,
            check=False,
        )
        if done.returncode:
            raise PartFailed(f"manage.py {arguments[0]}: {done.stderr[-2000:]}")

    def _new_database(self, name: str, template: str) -> str:
        """Make a copy of a database and return its address."""
        with closing(psycopg2.connect(self.database_url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return urlunsplit(urlsplit(self.database_url)._replace(path=f"/{name}"))


def environment_of(settings: dict[str, str]) -> dict[str, str]:
    """Return the environment of a process with these settings."""
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "lrm.settings", **settings}


def answer_of(name: str, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the JSON that a part printed as its last line.

    :raises PartFailed: it ended with an error, or printed none.
    """
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise PartFailed(f"{name} ended with {done.returncode}: {done.stderr.strip()[-3000:]}")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer
