"""`make smoke`: the whole product unattended, walked through as people use it, then compared.

Everything runs on free ports and in a directory that is removed afterwards. The person at the
pages is `lrm.demo.person`; the truth is the simulator's own books. One table at the end, exit
code 0 only where every step holds. DOCUMENTS=10000 makes more books than the usual 1,200.
"""

import os
import shutil
import signal
import sys
import tempfile
import textwrap
import time
from pathlib import Path

from lrm.demo import output, ports, stack, supervisor
from lrm.demo.smoke_steps import STEPS, Walk
from lrm.local import local_services

MOST_SECONDS = 120.0
WIDEST = 72


def main() -> int:
    """Run every step; return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    started = time.monotonic()
    directory = Path(tempfile.mkdtemp(prefix="lrm-smoke-"))
    try:
        table, good = _run(_plan(directory))
    except (supervisor.ChildFailed, local_services.LocalServiceFailed) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    finally:
        local_services.leave(directory)
        shutil.rmtree(directory, ignore_errors=True)
    seconds = time.monotonic() - started
    in_time = seconds < MOST_SECONDS
    table.add("all of it", f"under {MOST_SECONDS:.0f} s", seconds, ok=in_time)
    print(f"\n{table}")
    return 0 if good and in_time else 1


def _plan(directory: Path) -> stack.Plan:
    documents = os.environ.get("DOCUMENTS", "")
    return stack.Plan(
        directory=directory,
        web_port=ports.free_port(),
        simulator_port=ports.free_port(),
        simulator_options=["--documents", documents] if documents else [],
        # Its own services and addresses, whatever this machine's environment names.
        settings={
            "DATABASE_URL": local_services.database_url(directory),
            "REDIS_URL": local_services.redis_url(directory),
            "EMAIL_URL": f"filemail:///{directory / 'mail'}",
        },
        show_all=bool(os.environ.get("VERBOSE")),
    )


def _run(plan: stack.Plan) -> tuple["Table", bool]:
    """Start the product and walk through it; show the ends of all logs where a step fails."""
    table = Table()
    began = time.monotonic()
    with stack.Stack(plan, say=_say) as running:
        table.add("start", f"{len(running.supervisor.children)} processes", _since(began), ok=True)
        walk = Walk(running)
        for words, step in STEPS:
            began = time.monotonic()
            _say(words)
            try:
                seen, ok = step(walk), True
            except Exception as failure:
                seen, ok = f"{type(failure).__name__}: {failure}", False
            table.add(words, seen, _since(began), ok=ok)
            if not ok:
                _show_failure(running, words, seen)
                return table, False
    return table, True


def _show_failure(running: stack.Stack, step: str, seen: str) -> None:
    """Print the ends of all logs, then the failure itself: it is what people look for last."""
    for child in running.supervisor.children:
        print(f"\n{child.name}, its last lines:\n{supervisor.last_lines(child)}")
    print(f"\n{step} failed. {seen}")


def _since(began: float) -> float:
    return time.monotonic() - began


def _say(words: str) -> None:
    print(output.coloured(f"• {words}", 36), flush=True)


class Table:
    """Steps, what was seen, seconds, and whether all is well."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, str]] = [("step", "what was seen", "seconds", "ok")]

    def add(self, step: str, seen: str, seconds: float, *, ok: bool) -> None:
        """Add a row, on one line."""
        short = textwrap.shorten(seen, WIDEST, placeholder=" …")
        self._rows.append((step, short, f"{seconds:.1f}", "yes" if ok else "NO"))

    def __str__(self) -> str:
        widths = [max(len(row[column]) for row in self._rows) for column in range(4)]
        lines = [
            f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}"
            for row in self._rows
        ]
        lines.insert(1, "  ".join("─" * width for width in widths))
        return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    sys.exit(main())
