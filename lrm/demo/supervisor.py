"""A small process supervisor: starts children in order, stops them in reverse, leaves none.

Each child leads a process group of its own, so that Ctrl-C reaches only the supervisor, and a
stop reaches the child's own children. Should the supervisor itself be killed, the kernel asks
every child to end (Linux). It restarts nothing: in a demo a dead process is news.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from lrm.demo import output
from lrm.local.processes import tied_to_parent

# Long enough that only a process that does not want to stop is killed, not one on a busy machine.
GRACE_SECONDS = 20.0
# Nobody can refuse SIGKILL: this is how long the kernel may take.
KILL_SECONDS = 30.0


class ChildFailed(RuntimeError):
    """A process ended or stayed silent where it should have been ready."""


@dataclass(frozen=True)
class Child:
    """One running process and its output."""

    name: str
    process: subprocess.Popen[str]
    lines: output.Lines
    ready_url: str | None
    ready_line: str | None

    def is_ready(self) -> bool:
        """Return whether it answers its address, or has written its line."""
        if self.ready_url is not None:
            with suppress(requests.RequestException):
                return requests.get(self.ready_url, timeout=2).ok
            return False
        return self.ready_line is None or self.lines.wait_for_awaited(0.05)


class Supervisor:
    """Owns the children of one demo. Use it as a context manager, from the main thread."""

    def __init__(self, *, logs: Path, root: Path, show_all: bool = False) -> None:
        self._logs = logs
        self._root = root
        self._show_all = show_all
        self._started = 0
        self.children: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        ready_url: str | None = None,
        ready_line: str | None = None,
    ) -> Child:
        """Start a child and return at once. Ready means: the URL answers, or a line matches."""
        process = subprocess.Popen(
            tied_to_parent(command, signal.SIGTERM),
            cwd=self._root,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        assert process.stdout is not None  # noqa: S101 - asked for by PIPE above
        log = self._logs / f"{name}.log"
        log.write_text("")
        lines = output.Lines(
            name, process.stdout, log, index=self._started, show_all=self._show_all
        )
        lines.start(ready_line)
        self._started += 1
        child = Child(name, process, lines, ready_url, ready_line)
        self.children.append(child)
        return child

    def wait_until_ready(self, child: Child, *, seconds: float) -> None:
        """Return once the child is ready.

        :raises ChildFailed: when it ends first, or is not ready in time; with its last lines.
        """
        ends = time.monotonic() + seconds
        while not child.is_ready():
            if child.process.poll() is not None:
                raise ChildFailed(_report(child, f"ended with code {child.process.returncode}"))
            if time.monotonic() > ends:
                raise ChildFailed(_report(child, f"was not ready after {seconds:.0f} seconds"))
            time.sleep(0.05)

    def run(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        seconds: float = 120,
    ) -> None:
        """Run a child to its end.

        :raises ChildFailed: when it does not end well, or in time.
        """
        child = self.start(name, command, environment=environment)
        try:
            code = child.process.wait(seconds)
        except subprocess.TimeoutExpired as late:
            raise ChildFailed(_report(child, f"ran for more than {seconds:.0f} s")) from late
        self._forget(child)
        if code:
            raise ChildFailed(_report(child, f"ended with code {code}"))

    def first_to_end(self) -> Child | None:
        """Return a child that has ended by itself, where there is one."""
        return next((one for one in self.children if one.process.poll() is not None), None)

    def stop(self, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """Stop the children one by one, last started first; tell who had to be killed."""
        while self.children:
            child = self.children[-1]
            _signal_group(child, signal.SIGTERM)
            try:
                child.process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                words = f"{child.name} was killed: it did not stop in {grace_seconds:g} s."
                print(words, flush=True)
            # What the child itself started has had its chance too.
            _signal_group(child, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(KILL_SECONDS)
            self._forget(child)

    def _forget(self, child: Child) -> None:
        self.children.remove(child)
        child.lines.finish()


def last_lines(child: Child, count: int = 30) -> str:
    """Return the end of a child's output, each line indented."""
    return "\n".join(f"    {line}" for line in list(child.lines.last)[-count:])


def _report(child: Child, what: str) -> str:
    child.lines.finish() if child.process.poll() is not None else None
    return f"{child.name} {what}. Its last lines:\n{last_lines(child)}"


def _signal_group(child: Child, how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, how)
