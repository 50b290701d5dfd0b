"""What the kernel must know about child processes, shared by the keeper and the demo."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # From <sys/prctl.h>; Linux only.
# Ties itself to the parent whose pid is given, then becomes the program. `die_with_parent` in a
# process of its own: running Python between fork and exec is unsafe where threads run.
_TIE_AND_BECOME = (
    "import ctypes, os, sys; "
    f"ctypes.CDLL(None).prctl({PR_SET_PDEATHSIG}, int(sys.argv[1]), 0, 0, 0); "
    "os.getppid() == int(sys.argv[2]) or os._exit(1); "
    "os.execvp(sys.argv[3], sys.argv[3:])"
)


def tied_to_parent(command: Sequence[str], how: signal.Signals) -> list[str]:
    """Return the command such that it gets `how` when this process ends, even by SIGKILL.

    Where the system has no such thing (macOS) the command stays as it is. Start it from the main
    thread: the kernel watches the thread, not the process.
    """
    if not sys.platform.startswith("linux"):
        return list(command)
    tie = [sys.executable, "-S", "-E", "-c", _TIE_AND_BECOME, str(int(how)), str(os.getpid())]
    return [*tie, *command]


def die_with_parent(how: signal.Signals) -> Callable[[], None] | None:
    """Return what a child runs before its program, so that it gets `how` when its parent ends.

    For parents with one thread, and children that run as a user who may not reach our Python.
    Returns None where the system has no such thing (macOS): there a killed parent leaves its
    children to the next start, see `end_remnant`.
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0)
        if os.getppid() != parent:  # The parent ended between fork and prctl.
            os._exit(1)

    return tie


def end_remnant(pid_file: Path, program: str, *, seconds: float = 15.0) -> None:
    """End the server that an earlier, killed owner left: its pid is the first line of the file.

    A pid is only trusted where a process of that name has it, because pids come round again.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    ends = time.monotonic() + seconds
    asked = False
    while _is_running(pid, program):
        if not asked or time.monotonic() > ends:
            os.kill(pid, signal.SIGKILL if asked else signal.SIGINT)
            asked = True
        time.sleep(0.05)


def _is_running(pid: int, program: str) -> bool:
    found = subprocess.run(
        ["ps", "-o", "stat=,comm=", "-p", str(pid)],  # noqa: S607 - ps is where PATH says
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return program in found and not found.lstrip().startswith("Z")
