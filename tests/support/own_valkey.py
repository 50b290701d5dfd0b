"""A Valkey of a test's own, which may be stopped, killed and started again on the same port."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrm.demo import ports
from lrm.local import valkey


class OwnValkey:
    """A running Valkey."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._home.mkdir(parents=True, exist_ok=True)
        self._port = ports.free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process = self._start()

    def hang(self) -> None:
        """Let it take connections and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, with all that it holds."""
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        """Start it anew, empty, where it was."""
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = valkey.command(self._home, self._port)
        for _ in range(valkey.ATTEMPTS):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            if valkey.answers(process, self._port):
                return process
        raise RuntimeError("Valkey ended before it answered.")


@contextmanager
def running(home: Path) -> Iterator[OwnValkey]:
    """Run one until the block ends."""
    own = OwnValkey(home)
    try:
        yield own
    finally:
        own.go_on()
        own.kill()
