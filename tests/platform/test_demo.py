"""`python -m lrm.demo` as a person at a terminal has it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from lrm.demo import ports
from tests.support import processes, waiting


@pytest.fixture
def directory() -> Iterator[Path]:
    """Give the demo a LOCAL_DIR of its own, with a path short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="lrm-demo-"))
    yield path
    waiting.wait_until(lambda: not processes.commands_naming(str(path)))
    shutil.rmtree(path)


def start_demo(directory: Path, **environment: str) -> subprocess.Popen[str]:
    own = {"LOCAL_DIR": str(directory), "PORT": str(ports.free_port())}
    own["SIMULATOR_PORT"] = str(ports.free_port())
    inherited = {key: one for key, one in os.environ.items() if not key.startswith("XERO_")}
    for name in ("DATABASE_URL", "REDIS_URL", "DEBUG"):
        inherited.pop(name, None)
    return subprocess.Popen(
        [sys.executable, "-m", "lrm.demo"],
        cwd=processes.ROOT,
        env={**inherited, **own, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell lets what it starts in the background ignore Ctrl-C, and that is handed down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def read_until(demo: subprocess.Popen[str], words: str) -> str:
    """Return what the demo prints up to the line with these words, or up to its end."""
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if words in line:
            break
    return said


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_demo_runs_until_ctrl_c_and_leaves_nothing(directory: Path) -> None:
    with start_demo(directory) as demo:
        said = read_until(demo, "Ctrl-C stops everything")
        web = next(word for word in said.split() if word.startswith("http://localhost:"))
        page = requests.get(web, timeout=60)
        settings = (directory / "demo.env").read_text()
        beside = processes.run_python(
            "import django; django.setup(); from lrm.models import Learner;"
            "print(Learner.objects.filter(portal__slug='demo').count())",
            LOCAL_DIR=str(directory),
            DJANGO_SETTINGS_MODULE="lrm.settings",
            # Not the services that these tests may run on.
            DATABASE_URL="",
            REDIS_URL="",
        )
        demo.send_signal(signal.SIGINT)
        rest = read_until(demo, "Everything has stopped")
        code = demo.wait(60)

    assert page.ok
    assert page.url.startswith(f"{web}/sign-in/")
    assert f"PUBLIC_URL={web}\n" in settings
    assert int(beside.stdout) >= 40, beside.stderr
    assert "Everything has stopped" in rest
    assert code == 0
    assert "was killed" not in rest
    assert not (directory / "demo.env").exists()
    assert "It remembers" in said
    assert (directory / "simulator" / "state.json").stat().st_size > 0
    assert waiting.wait_until(lambda: processes.commands_naming(str(directory)) == [])


@pytest.mark.timeout(120)
def test_demo_names_another_port_when_its_own_is_taken(directory: Path) -> None:
    code = "import http.server as h; s = h.HTTPServer(('127.0.0.1', 0), None);"
    code += "print(s.server_port, flush=True); s.serve_forever()"
    with processes.start_python(code) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())

        with start_demo(directory, PORT=str(port)) as demo:
            said = read_until(demo, "no such line")
            ended = demo.wait(60)
        other.kill()

    assert ended == 1
    assert f"Port {port} is taken. Choose another: PORT={port + 1} make demo" in said


@pytest.mark.timeout(120)
def test_second_demo_is_refused_while_one_runs_in_the_folder(directory: Path) -> None:
    hold = "import fcntl, sys; lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX);"
    hold += "print('held', flush=True); sys.stdin.read()"
    with processes.start_python(hold, str(directory / "demo.lock")) as first:
        assert first.stdout is not None
        first.stdout.readline()

        with start_demo(directory) as demo:
            said = read_until(demo, "no such line")
            ended = demo.wait(60)
        first.kill()

    assert ended == 1
    assert "A demo runs in this folder already" in said
