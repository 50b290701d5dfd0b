"""The whole product as processes: services, simulator, web, workers, beat, all on localhost.

One description serves `make demo`, `make smoke` and the end-to-end tests; they differ in
directory, ports and the simulator's options only. Everything a process must know reaches it by
its environment, the same settings that production names.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from lrm.demo import supervisor
from lrm.local import local_services

ROOT = Path(__file__).resolve().parent.parent.parent
WEBHOOK_KEY = "demo-webhook-key"
CLIENT_ID = "demo-client-id"
CLIENT_SECRET = "demo-client-secret"  # noqa: S105 - the simulator's own, no secret
READY_SECONDS = 90.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to start, and where.

    `directory` holds data and logs. `simulator_port` None means the Xero that the settings name.
    `seed` is the command that fills the database, empty for none.
    """

    directory: Path
    web_port: int
    simulator_port: int | None
    simulator_options: Sequence[str] = ()
    settings: dict[str, str] = field(default_factory=dict)
    seed: bool = True
    show_all: bool = False


class Stack:
    """A running product. Use it as a context manager, from the main thread."""

    def __init__(self, plan: Plan, *, say: Say = lambda _: None) -> None:
        self._say = say
        self.plan = plan
        self.url = f"http://localhost:{plan.web_port}"
        self.simulator_url = (
            f"http://localhost:{plan.simulator_port}" if plan.simulator_port is not None else ""
        )
        self.settings: dict[str, str] = {}
        self.supervisor = supervisor.Supervisor(
            logs=plan.directory / "logs", root=ROOT, show_all=plan.show_all
        )

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything in order and return when all of it is ready.

        :raises supervisor.ChildFailed: when a process is not; with its last lines.
        :raises local_services.LocalServiceFailed: when PostgreSQL or Valkey is not.
        """
        self._say("Starting PostgreSQL and Valkey")
        self.settings = self._make_settings()
        simulator = self._start_simulator()
        self._say("Preparing the database")
        self.supervisor.run("migrate", self._manage("migrate", "-v", "0"), environment=self.env)
        if simulator is not None:
            self._say("Making the books of the Xero simulator")
            self.supervisor.wait_until_ready(simulator, seconds=READY_SECONDS)
        if self.plan.seed:
            self._say("Making a portal with people and learners")
            source = ["--from-simulator", self.simulator_url] if simulator else []
            self.supervisor.run("seed", self._manage("seed_demo", *source), environment=self.env)
        self._say("Starting web, workers and beat")
        for child in self._start_product():
            self.supervisor.wait_until_ready(child, seconds=READY_SECONDS)

    def stop(self) -> None:
        """Stop everything, last started first. The services stop once nobody else holds them."""
        self.supervisor.stop()
        local_services.leave(self.plan.directory)

    @property
    def env(self) -> dict[str, str]:
        """Return the environment of every process of the product."""
        return {**os.environ, "DJANGO_SETTINGS_MODULE": "lrm.settings", **self.settings}

    def manage(self, *arguments: str) -> list[str]:
        """Return the command line of a management command, to be run with `env`."""
        return self._manage(*arguments)

    def _make_settings(self) -> dict[str, str]:
        """Return the settings this stack decides; an address the person set stays theirs."""
        directory = self.plan.directory
        given = {**os.environ, **self.plan.settings}
        settings = {
            "DEBUG": "True",
            "LOCAL_DIR": str(directory),
            "DATABASE_URL": given.get("DATABASE_URL") or local_services.database_url(directory),
            "REDIS_URL": given.get("REDIS_URL") or local_services.redis_url(directory),
            "PUBLIC_URL": given.get("PUBLIC_URL") or self.url,
            # Files, one a message. The fourth slash makes the path an absolute one.
            "EMAIL_URL": given.get("EMAIL_URL") or f"filemail:///{directory / 'mail'}",
        }
        if self.simulator_url:
            settings |= xero_settings(self.simulator_url)
        return {**settings, **self.plan.settings}

    def _start_simulator(self) -> supervisor.Child | None:
        if not self.simulator_url:
            return None
        return self.supervisor.start(
            "simulator",
            [
                *(sys.executable, "-m", "xero_simulator"),
                *("--port", str(self.plan.simulator_port)),
                *("--webhook-url", f"{self.url}/webhooks/xero/", "--webhook-key", WEBHOOK_KEY),
                *self.plan.simulator_options,
            ],
            environment=self.env,
            ready_line=r"xero_simulator ready at",
        )

    def _start_product(self) -> list[supervisor.Child]:
        """Start what serves and works; all of it at once, they do not need each other to start."""
        web = self.supervisor.start(
            "web",
            [
                *(sys.executable, "-m", "gunicorn", "lrm.wsgi"),
                *("--bind", f"127.0.0.1:{self.plan.web_port}"),
                *("--workers", "2", "--threads", "8", "--graceful-timeout", "3"),
                "--no-control-socket",
            ],
            environment=self.env,
            ready_url=f"{self.url}/healthz",
        )
        return [
            web,
            self._start_worker("worker", queues="people,events", concurrency=4),
            self._start_worker("worker-bulk", queues="bulk", concurrency=4),
            self._start_worker("worker-hooks", queues="hooks", concurrency=4),
            self.supervisor.start(
                "beat",
                self._celery("beat", "--schedule", str(self.plan.directory / "beat-schedule")),
                environment=self.env,
                ready_line=r"beat: Starting",
            ),
        ]

    def _start_worker(self, name: str, *, queues: str, concurrency: int) -> supervisor.Child:
        # Threads: the work waits for Xero and PostgreSQL, and one process a queue stops faster.
        return self.supervisor.start(
            name,
            self._celery(
                *("worker", "--queues", queues, "--hostname", f"{name}@%h"),
                *("--pool", "threads", "--concurrency", str(concurrency)),
                *("--without-gossip", "--without-mingle"),
            ),
            environment=self.env,
            ready_line=r"@\S+ ready\.",
        )

    def _celery(self, command: str, *arguments: str) -> list[str]:
        base = [sys.executable, "-m", "celery", "-A", "lrm", "--quiet", command]
        return [*base, "--loglevel", "INFO", *arguments]

    def _manage(self, *arguments: str) -> list[str]:
        return [sys.executable, "manage.py", *arguments]


def xero_settings(simulator_url: str) -> dict[str, str]:
    """Return the settings that point the product at a simulator."""
    return {
        "XERO_CLIENT_ID": CLIENT_ID,
        "XERO_CLIENT_SECRET": CLIENT_SECRET,
        "XERO_WEBHOOK_KEYS": WEBHOOK_KEY,
        "XERO_AUTHORIZE_URL": f"{simulator_url}/identity/connect/authorize",
        "XERO_IDENTITY_URL": simulator_url,
        "XERO_API_URL": simulator_url,
        "XERO_ONLINE_INVOICE_HOSTS": simulator_url.removeprefix("http://"),
    }
