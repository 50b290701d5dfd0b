"""The process beside one local service: starts it, waits until nobody holds it, stops it.

Run as `python -m lrm.local.keeper postgresql|valkey HOME HOLDERS_FILE URL_FILE` by
`lrm.local.local_services`, which hands over an open lock that lasts as long as this process and so
tells everybody that it lives. It detaches from the terminal (Ctrl-C is not its business), and
the server ends with it even where it is killed, because the kernel then signals the server.

Both servers write real files with real durability: a demo's data must survive a power cut too.
Only the services of the test suite (in a directory named `tests`) trade that for speed.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lrm.local import postgres, valkey
from lrm.local.processes import die_with_parent

STOP_SECONDS = 20.0


def main(arguments: Sequence[str]) -> None:
    """Keep one service until its last holder has gone."""
    service, home, holders, url_file = arguments[0], *(Path(one) for one in arguments[1:])
    _detach()
    server, url = (postgres if service == "postgresql" else valkey).start(home, _launch)
    try:
        _publish(url_file, url)
        _wait_until_nobody_holds(holders, server)
    finally:
        url_file.unlink(missing_ok=True)
        _stop(server)


def _detach() -> None:
    """Leave the terminal and the parent, so that whoever started us sees no child of its own."""
    if os.fork():
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def _launch(command: Sequence[str], user: str | None) -> subprocess.Popen[bytes]:
    """Start a server that is told to stop when this process ends, even by SIGKILL."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        preexec_fn=die_with_parent(signal.SIGINT),
    )


def _publish(url_file: Path, url: str) -> None:
    """Write the address in one step: a reader sees all of it or nothing."""
    draft = url_file.with_suffix(".new")
    draft.write_text(url + "\n")
    draft.replace(url_file)


def _wait_until_nobody_holds(holders: Path, server: subprocess.Popen[bytes]) -> None:
    """Return with the holders' lock taken alone, or once the server has ended by itself."""
    lock = os.open(holders, os.O_RDWR)
    while server.poll() is None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the server fast but cleanly (SIGINT means that to both), then without asking."""
    for ask in _ways_to_stop(server):
        if server.poll() is not None:
            return
        ask()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def _ways_to_stop(server: subprocess.Popen[bytes]) -> list[Callable[[], None]]:
    return [lambda: server.send_signal(signal.SIGINT), server.kill]


if __name__ == "__main__":
    main(sys.argv[1:])
