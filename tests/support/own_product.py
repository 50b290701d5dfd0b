"""The product's own processes on the database of a test: web hosts and workers."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from django.conf import settings

from lrm.demo import ports, supervisor
from tests.support import processes, web_process
from tests.support.deployment_files import PRODUCTION, SYSTEM

READY_SECONDS = 180.0


def environment(place: Path, **changes: str) -> dict[str, str]:
    """Return the settings of production, on the database of this test."""
    return {
        **SYSTEM,
        **PRODUCTION,
        "DJANGO_SETTINGS_MODULE": "lrm.settings",
        "LOCAL_DIR": str(place),
        "ALLOWED_HOSTS": "127.0.0.1",
        "PUBLIC_URL": "http://127.0.0.1",
        "SECRET_KEY": settings.SECRET_KEY,
        "TOKEN_ENCRYPTION_KEYS": ",".join(settings.TOKEN_ENCRYPTION_KEYS),
        "XERO_CLIENT_ID": settings.XERO_CLIENT_ID,
        "XERO_CLIENT_SECRET": settings.XERO_CLIENT_SECRET,
        "DATABASE_URL": web_process.database_url(),
        **changes,
    }


@contextmanager
def web(place: Path, *options: str, **changes: str) -> Iterator[str]:
    """Run gunicorn as the image does, and give its address."""
    address = f"127.0.0.1:{ports.free_port()}"
    command = [sys.executable, "-m", "gunicorn", "lrm.wsgi", "--bind", address]
    command += [*(options or ("--workers", "2", "--threads", "8")), "--no-control-socket"]
    with supervisor.Supervisor(logs=place / "logs", root=processes.ROOT) as only:
        child = only.start(
            "web",
            command,
            environment=environment(place, **changes),
            ready_url=f"http://{address}/healthz",
        )
        only.wait_until_ready(child, seconds=READY_SECONDS)
        yield f"http://{address}"


@contextmanager
def worker(place: Path, *options: str, **changes: str) -> Iterator[supervisor.Child]:
    """Run a worker for people and events as the image does."""
    command = [sys.executable, "-m", "celery", "-A", "lrm", "worker", "--queues", "people,events"]
    command += ["--hostname", "own@%h", "--concurrency", "2", "--loglevel", "INFO", *options]
    with supervisor.Supervisor(logs=place / "logs", root=processes.ROOT) as only:
        child = only.start(
            "worker", command, environment=environment(place, **changes), ready_line=r"@\S+ ready\."
        )
        only.wait_until_ready(child, seconds=READY_SECONDS)
        yield child


def send(url: str, signature: str, body: bytes, *, seconds: float = 60.0) -> float:
    """Deliver a webhook to a web host and return in how many seconds it was answered with 200."""
    answer = requests.post(
        f"{url}/webhooks/xero/",
        data=body,
        headers={"x-xero-signature": signature, "Content-Type": "application/json"},
        timeout=seconds,
    )
    assert answer.status_code == 200, answer.text
    return answer.elapsed.total_seconds()
