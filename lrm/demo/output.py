"""What the people at the terminal see of the processes behind the demo.

Every line goes to the process's own log file. The terminal gets the few that matter (or all of
them on request), each with the name of the process before it. The last lines stay in memory to
be shown where something fails.
"""

import re
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO

COLOURS = (36, 32, 33, 35, 34, 96, 92)  # ANSI foreground colours that read on dark and light.
IMPORTANT = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b|^\S*(Error|Exception)\b")
# Xero signs some deliveries wrongly on purpose, to see them refused: nothing to look at.
EXPECTED = re.compile(r"Unauthorized: /webhooks/")
LINES_KEPT = 60


def coloured(text: str, colour: int, *, stream: IO[str] | None = None) -> str:
    """Return the text in an ANSI colour where the stream is a terminal, else as it is."""
    return f"\033[{colour}m{text}\033[0m" if (stream or sys.stdout).isatty() else text


class Lines:
    """Reads one process's output to its end, in a thread of its own."""

    def __init__(
        self, name: str, source: IO[str], log: Path, *, index: int, show_all: bool
    ) -> None:
        self.name = name
        self.last: deque[str] = deque(maxlen=LINES_KEPT)
        self._source = source
        self._log = log
        self._show_all = show_all
        self._prefix = coloured(f"{name:>11} |", COLOURS[index % len(COLOURS)])
        self._changed = threading.Condition()
        self._awaited: re.Pattern[str] | None = None
        self._seen = False
        self._thread = threading.Thread(target=self._read, name=f"lines-{name}", daemon=True)

    def start(self, awaited: str | None) -> None:
        """Begin to read; remember whether a line that matches `awaited` has come by."""
        self._awaited = re.compile(awaited) if awaited else None
        self._thread.start()

    def wait_for_awaited(self, seconds: float) -> bool:
        """Return whether the awaited line came, after at most `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._seen, seconds)

    def finish(self) -> None:
        """Wait until everything the ended process wrote has been read."""
        self._thread.join(timeout=10)

    def _read(self) -> None:
        with self._source, self._log.open("a", encoding="utf-8") as log:
            for line in self._source:
                log.write(line)
                log.flush()
                self._take(line.rstrip("\n"))

    def _take(self, line: str) -> None:
        self.last.append(line)
        if self._show_all or (IMPORTANT.search(line) and not EXPECTED.search(line)):
            print(f"{self._prefix} {line}", flush=True)
        if self._awaited is not None and not self._seen and self._awaited.search(line):
            with self._changed:
                self._seen = True
                self._changed.notify_all()


def boxed(lines: Sequence[str]) -> str:
    """Return the lines in a frame, as wide as the longest of them."""
    width = max(map(len, lines))
    edge = "─" * (width + 4)
    return "\n".join([f"┌{edge}┐", *(f"│  {line:<{width}}  │" for line in lines), f"└{edge}┘"])
