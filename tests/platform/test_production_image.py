"""The product as the production image holds it starts and serves, without development's parts."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.support import processes, web_process
from tests.support.deployment_files import PRODUCTION, SYSTEM, copied_folders

pytestmark = pytest.mark.timeout(240)

REQUEST = """
import io, json, sys
from lrm.wsgi import application

def ask(path):
    answers = []
    body = b"".join(application({
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "here",
        "SERVER_PORT": "8000", "HTTP_HOST": "lrm.example.com", "HTTP_X_FORWARDED_PROTO": "https",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
    }, lambda status, headers: answers.append(status)))
    return answers[0], body.decode()

told = {path: ask(path) for path in ("/readyz", "/sign-in/")}
told["modules"] = [name for name in sys.modules if name.startswith(("lrm.demo", "lrm.local"))]
print(json.dumps(told))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy what the Dockerfile copies, and nothing else."""
    place = tmp_path / "app"
    place.mkdir()
    shutil.copy(processes.ROOT / "manage.py", place)
    for name, left_out in copied_folders():
        names = [pattern.removeprefix("**/") for pattern in left_out]
        ignored = shutil.ignore_patterns("__pycache__", *names)
        shutil.copytree(processes.ROOT / name, place / name, ignore=ignored)
    return place


def run(tree: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a Python of its own in the tree, with the settings of production alone."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**SYSTEM, **PRODUCTION, **changes},
        capture_output=True,
        text=True,
        check=False,
    )


def test_image_leaves_out_demo_and_local_services(tree: Path) -> None:
    assert (tree / "lrm" / "settings.py").exists()
    assert not any((tree / "lrm" / name).exists() for name in ("demo", "local"))
    assert not list(tree.rglob("seed_demo.py"))


@pytest.mark.django_db(transaction=True)
def test_production_starts_and_serves_without_what_development_has(tree: Path) -> None:
    collected = run(tree, "manage.py", "collectstatic", "--noinput")
    checked = run(tree, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    services = {"DATABASE_URL": web_process.database_url(), "REDIS_URL": settings.REDIS_URL}
    served = run(tree, "-c", REQUEST, **services)

    assert collected.returncode == 0, collected.stderr
    assert checked.returncode == 0, checked.stderr
    assert served.returncode == 0, served.stderr
    told = json.loads(served.stdout.splitlines()[-1])
    assert told["/readyz"][0] == "200 OK", served.stderr
    assert told["/sign-in/"][0] == "200 OK"
    assert "Password" in told["/sign-in/"][1]
    assert told["modules"] == []


def test_image_in_development_mode_names_the_service_that_it_cannot_start(tree: Path) -> None:
    refused = run(tree, "manage.py", "check", DEBUG="True", DATABASE_URL="")

    assert refused.returncode != 0
    assert "DATABASE_URL is not set" in refused.stderr


def test_lock_of_a_demo_means_nothing_to_the_image(tree: Path) -> None:
    (tree / ".local").mkdir()
    (tree / ".local" / "demo.lock").touch()

    assert run(tree, "manage.py", "check").returncode == 0
