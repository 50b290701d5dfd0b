"""`make demo`: everything on this machine, until Ctrl-C.

The data stays under `.local/` for the next start. While it runs, `.local/demo.env` holds its
settings, and `manage.py` commands in another terminal use them.
"""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import environ

from lrm.demo import output, ports, stack, supervisor
from lrm.local import local_services


class NotNow(RuntimeError):
    """The demo cannot start as things are; the message says what to change."""


def main() -> int:
    """Run the demo; return the exit code."""
    environ.Env.read_env(stack.ROOT / ".env")
    directory = stack.ROOT / os.environ.get("LOCAL_DIR", ".local")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(0))
    try:
        with _only_one(directory):
            return _run(_plan(directory))
    except KeyboardInterrupt:
        return 0
    except (NotNow, supervisor.ChildFailed, local_services.LocalServiceFailed) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1


def _plan(directory: Path) -> stack.Plan:
    """Read PORT, SIMULATOR_PORT, VERBOSE and XERO_CLIENT_ID from the environment."""
    port = int(os.environ.get("PORT") or 8000)
    if not ports.is_free(port):
        raise NotNow(f"Port {port} is taken. Choose another: PORT={port + 1} make demo")
    simulator_port = None
    if not os.environ.get("XERO_CLIENT_ID"):
        simulator_port = int(os.environ.get("SIMULATOR_PORT") or ports.preferred(9090))
    return stack.Plan(
        directory=directory,
        web_port=port,
        simulator_port=simulator_port,
        simulator_options=_simulator_options(directory) if simulator_port else [],
        show_all=bool(os.environ.get("VERBOSE")),
    )


def _simulator_options(directory: Path) -> list[str]:
    """Let the simulator remember: consents, and what was changed in its books by hand."""
    state = directory / "simulator" / "state.json"
    return ["--anchor", _anchor(directory), "--state", str(state)]


def _anchor(directory: Path) -> str:
    """Return the day of the first start: it decides what stands in the simulator's books.

    The books are made anew at every start, and must be those that the database and the
    simulator's memory know.
    """
    file = directory / "simulator-anchor"
    if not file.exists():
        file.write_text(datetime.now(UTC).date().isoformat())
    return file.read_text().strip()


def _run(plan: stack.Plan) -> int:
    started = time.monotonic()
    running = stack.Stack(plan, say=_say)
    try:
        with running, _settings_file(plan.directory / "demo.env", running.settings):
            print(f"\n{_welcome(running, time.monotonic() - started)}\n", flush=True)
            return _wait(running)
    finally:
        # Whoever presses Ctrl-C twice still gets everything stopped.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _say(f"Everything has stopped. The data stays in {_place(plan)}")


def _wait(running: stack.Stack) -> int:
    """Wait for Ctrl-C (code 0) or for a process or service that ends by itself (code 1)."""
    try:
        while not (why := _what_ended(running)):
            time.sleep(0.3)
    except KeyboardInterrupt:
        print(flush=True)
        _say("Stopping")
        return 0
    print(f"\n{why}", flush=True)
    return 1


def _what_ended(running: stack.Stack) -> str:
    """Return what of the demo is not there any more, with its last lines; empty if all is."""
    # A service first: what works with it may end because of it.
    if why := local_services.ended(running.plan.directory):
        return why
    child = running.supervisor.first_to_end()
    if child is None:
        return ""
    return f"{child.name} ended by itself. Its last lines:\n{supervisor.last_lines(child)}"


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """Hold the lock that says a demo runs here; `lrm.settings` looks at it too."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "demo.lock").open("w") as lock:
        if not _lock(lock.fileno()):
            raise NotNow("A demo runs in this folder already. Stop it first (Ctrl-C).")
        yield


def _lock(handle: int) -> bool:
    """Take the lock; a command that just looks at it may have it for a moment."""
    for _ in range(20):
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.05)
    return False


@contextmanager
def _settings_file(path: Path, settings: dict[str, str]) -> Iterator[None]:
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def _place(plan: stack.Plan) -> str:
    """Return the data's directory as short as it can be said."""
    inside = plan.directory.is_relative_to(stack.ROOT)
    return str(plan.directory.relative_to(stack.ROOT) if inside else plan.directory)


def _say(words: str) -> None:
    print(output.coloured(f"• {words}", 36), flush=True)


def _welcome(running: stack.Stack, seconds: float) -> str:
    lines = [
        f"The demo runs: {running.url}",
        "",
        "Sign in as  admin     connects Xero, sees everything",
        "            staff     learners and their invoices",
        "            accounts  learners and finance reports",
        "Password    demo      (for all of them)",
        "",
        "Try: Settings > Connected Apps > Connect to Xero, then Re-sync.",
        "     Check learners against Xero, and start sending them.",
        "     Open a learner, tab Xero Invoices. Run report #0442.",
    ]
    if running.simulator_url:
        lines += [
            "",
            f"Xero (simulated): {running.simulator_url}",
            "     Pay, void or raise an invoice there, and watch the learner's page follow.",
            "     It remembers all of that, and your consent, for the next start.",
        ]
    else:
        lines += [
            "",
            "Xero: the one your settings name. Your app there needs this redirect address:",
            f"     {running.settings['PUBLIC_URL']}/settings/connected-apps/xero/callback/",
        ]
    lines += [
        "",
        f"Logs: {_place(running.plan)}/logs    All of them here: VERBOSE=1 make demo",
        f"Mail: {_place(running.plan)}/mail",
        f"Ready in {seconds:.0f} s. Ctrl-C stops everything.",
    ]
    return output.boxed(lines)


if __name__ == "__main__":
    sys.exit(main())
