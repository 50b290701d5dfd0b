"""Servers that a killed owner left behind: ended by the next start, where the kernel did not."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lrm.local.processes import end_remnant

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    "print('ready', flush=True); time.sleep(600)"
)


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a server that ends with the test at the latest."""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        # A shell lets what it starts in the background ignore Ctrl-C, and that is handed down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as server:
        try:
            yield server
        finally:
            server.kill()


def write_pid(directory: Path, process: subprocess.Popen[str]) -> Path:
    """Return a file as PostgreSQL writes it: the pid, then lines that say more."""
    file = directory / "postmaster.pid"
    file.write_text(f"{process.pid}\n/some/data\n5432\n")
    return file


def test_remnant_is_asked_to_end(tmp_path: Path) -> None:
    with running("sleep", "600") as server:
        end_remnant(write_pid(tmp_path, server), "sleep")

        assert server.wait(30) == -signal.SIGINT


@pytest.mark.timeout(60)
def test_remnant_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    with running(sys.executable, "-c", STUBBORN) as server:
        assert server.stdout is not None
        server.stdout.readline()

        end_remnant(write_pid(tmp_path, server), "python", seconds=0.2)

        assert server.wait(30) == -signal.SIGKILL


def test_pid_that_another_program_has_by_now_is_left_alone(tmp_path: Path) -> None:
    with running("sleep", "600") as server:
        end_remnant(write_pid(tmp_path, server), "postgres")

        assert server.poll() is None


@pytest.mark.parametrize("content", [None, "", "\n", "no pid"])
def test_file_that_names_no_pid_is_no_remnant(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "postmaster.pid"
    if content is not None:
        file.write_text(content)

    end_remnant(file, "postgres")

    assert file.exists() == (content is not None)
