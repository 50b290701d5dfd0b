"""The web process as the production image runs it: the image's own command and health check."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.support import web_process, webhook_posts
from tests.support.deployment_files import PRODUCTION, SERVICES, SYSTEM
from xero_sync.models import Delivery

# To load the product takes its time on a busy machine.
pytestmark = pytest.mark.timeout(240)


def environment(place: Path, **changes: str) -> dict[str, str]:
    return {**SYSTEM, **PRODUCTION, "LOCAL_DIR": str(place), **changes}


def health_check(port: int, place: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the compose file's health check of `web` against that port, as the engine does.

    A container is unhealthy only where the check fails as often as `retries` says.
    """
    check = SERVICES["web"]["healthcheck"]
    _, _python, option, code = check["test"]
    for _ in range(check["retries"]):
        done = subprocess.run(
            [sys.executable, option, code.replace(":8000", f":{port}")],
            env=environment(place, **changes),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            break
    return done


@contextmanager
def web(place: Path, **changes: str) -> Iterator[int]:
    with web_process.started(environment(place, **changes)) as running:
        yield running.port


def test_health_check_holds_while_web_answers_and_fails_when_it_does_not(tmp_path: Path) -> None:
    with web(tmp_path) as port:
        healthy = health_check(port, tmp_path)
        wrong_host = health_check(port, tmp_path, ALLOWED_HOSTS="other.example.com")
    stopped = health_check(port, tmp_path)

    assert healthy.returncode == 0, healthy.stderr
    assert wrong_host.returncode != 0
    assert stopped.returncode != 0


def test_readiness_names_what_is_missing_when_services_are_down(tmp_path: Path) -> None:
    with web(tmp_path) as port:
        answer = requests.get(
            f"http://127.0.0.1:{port}/readyz", headers={"Host": "lrm.example.com"}, timeout=60
        )

    assert answer.status_code == 503
    assert "made-up" not in answer.text


def test_pages_move_to_https_when_asked_plainly(tmp_path: Path) -> None:
    with web(tmp_path) as port:
        answer = requests.get(
            f"http://127.0.0.1:{port}/sign-in/",
            headers={"Host": "lrm.example.com"},
            allow_redirects=False,
            timeout=60,
        )

    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://lrm.example.com/sign-in/"


def test_chunked_webhook_is_taken_like_any_other(tmp_path: Path, transactional_db: None) -> None:
    body = webhook_posts.envelope({"eventCategory": "INVOICE"})
    signed = {
        "Host": "lrm.example.com",
        "X-Forwarded-Proto": "https",
        "x-xero-signature": webhook_posts.sign(body, "made-up"),
    }
    with web(tmp_path, DATABASE_URL=web_process.database_url()) as port:
        address = f"http://127.0.0.1:{port}/webhooks/xero/"
        halves = iter([body[:20], body[20:]])
        chunked = requests.post(address, data=halves, headers=signed, timeout=60)
        altered = requests.post(address, data=iter([body, b" "]), headers=signed, timeout=60)

    assert (chunked.status_code, chunked.content) == (200, b"")
    assert altered.status_code == 401
    assert [bytes(delivery.body) for delivery in Delivery.objects.all()] == [body]
