"""The product by docker-compose's own commands, as processes of this machine without containers."""

import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lrm.demo import ports, supervisor
from tests.support import processes
from tests.support.deployment_files import DOCKERFILE, SERVICES

READY_SECONDS = 180.0
WORKERS = ("worker", "worker-bulk", "worker-hooks")


@dataclass
class Composed:
    """Web, workers and beat."""

    url: str
    everything: supervisor.Supervisor
    # How long each took to stop, in seconds, and how it ended.
    stopped: dict[str, tuple[float, int]] = field(default_factory=dict)

    def child(self, name: str) -> supervisor.Child:
        """Return the process of a service."""
        return next(one for one in self.everything.children if one.name == name)

    def stop(self) -> None:
        """Send SIGTERM to the first process of each, all at once, as compose does; wait for all.

        What is not gone when compose's patience ends is killed, and has no entry in `stopped`.
        """
        began = time.monotonic()
        waited_for = list(self.everything.children)
        for child in waited_for:
            os.kill(child.process.pid, signal.SIGTERM)
        while waited_for and time.monotonic() - began < 30:
            for child in [one for one in waited_for if one.process.poll() is not None]:
                code = child.process.returncode
                self.stopped[child.name] = (time.monotonic() - began, code)
                waited_for.remove(child)
            time.sleep(0.05)


@contextmanager
def running(
    place: Path, environment: Mapping[str, str], *, web_port: int | None = None
) -> Iterator[Composed]:
    """Run all of it with these settings until the block ends; logs are in `place`."""
    port = web_port or ports.free_port()
    host = environment["ALLOWED_HOSTS"].split(",")[0]
    with supervisor.Supervisor(logs=place / "logs", root=processes.ROOT) as all_of_it:
        web = all_of_it.start(
            "web", command_of("web", place, port), environment=environment, ready_line="Listening"
        )
        workers = [
            all_of_it.start(
                name,
                command_of(name, place),
                environment=environment,
                ready_line=r"@\S+ ready\.",
            )
            for name in WORKERS
        ]
        beat = all_of_it.start(
            "beat", command_of("beat", place), environment=environment, ready_line=r"beat: Starting"
        )
        for child in (web, *workers, beat):
            all_of_it.wait_until_ready(child, seconds=READY_SECONDS)
        yield Composed(f"http://{host}:{port}", all_of_it)


def command_of(name: str, place: Path, port: int = 0) -> list[str]:
    """Return what a service runs, with its files in `place` and web on a port of this machine."""
    own = SERVICES[name].get("command") or json.loads(
        re.findall(r"^CMD (\[.+\])$", DOCKERFILE, re.M)[-1]
    )
    program, *arguments = own
    here = [
        one.replace("0.0.0.0:8000", f"127.0.0.1:{port}").replace("/tmp/beat", f"{place}/beat")  # noqa: S108
        for one in arguments
    ]
    return [sys.executable, "-m", program, *here]
