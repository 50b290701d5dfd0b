"""The product's processes as the demo and the containers start them, one by one."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks import bench
from lrm.demo import ports

_READY = r"@\S+ ready\."


@contextmanager
def running(
    here: bench.Bench, environment: dict[str, str], *, queues: str, count: int = 1
) -> Iterator[list[int]]:
    """Run so many worker processes of four threads each on these queues; give their ids."""
    pids = []
    with ExitStack() as stack:
        for number in range(count):
            name = f"worker-{queues.replace(',', '-')}-{number}"
            child = stack.enter_context(
                here.process(
                    name,
                    _celery(
                        *("worker", "--queues", queues, "--hostname", f"{name}@%h"),
                        *("--pool", "threads", "--concurrency", "4"),
                        *("--without-gossip", "--without-mingle"),
                    ),
                    environment=environment,
                    ready_line=_READY,
                )
            )
            pids.append(child.process.pid)
        yield pids


@contextmanager
def beat(here: bench.Bench, environment: dict[str, str]) -> Iterator[None]:
    """Run beat."""
    schedule = str(here.directory / "beat-schedule")
    with here.process(
        "beat",
        _celery("beat", "--schedule", schedule),
        environment=environment,
        ready_line=r"beat: Starting",
    ):
        yield


@contextmanager
def web(
    here: bench.Bench, environment: dict[str, str], *, port: int | None = None
) -> Iterator[str]:
    """Run gunicorn as the demo does and give its address."""
    port = port or ports.free_port()
    url = f"http://localhost:{port}"
    with here.process(
        "web",
        [
            *(sys.executable, "-m", "gunicorn", "lrm.wsgi"),
            *("--bind", f"127.0.0.1:{port}"),
            *("--workers", "2", "--threads", "8", "--graceful-timeout", "3"),
        ],
        environment=environment,
        ready_url=f"{url}/healthz",
    ):
        yield url


def _celery(command: str, *arguments: str) -> list[str]:
    base = [sys.executable, "-m", "celery", "-A", "lrm", "--quiet", command]
    return [*base, "--loglevel", "INFO", *arguments]
