"""Real PostgreSQL and Valkey from pip packages, started on demand for development and tests.

Every process that needs a service joins it by holding a shared lock on a file for as long as it
lives. Each service runs under a small keeper process (`lrm.local.keeper`) that waits for the same
lock alone: it gets it exactly when the last holder is gone, however that holder died, and then
stops the service. So there is no list of process ids to prune and no exit handler to miss: the
kernel counts. A forked child shares its parent's lock, as it shares the database.

Decided against counting handles by pid (as the PostgreSQL package does by itself): a killed
owner leaves the server running until somebody else starts and stops.

These packages are development dependencies. Production names its own servers.
"""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

START_SECONDS = 60.0
_ROOT = Path(__file__).resolve().parents[2]
_held: dict[Path, int] = {}


class LocalServiceFailed(RuntimeError):
    """A local service did not start; the message says why and what to do."""


def database_url(directory: Path) -> str:
    """Start (or join) the PostgreSQL under `directory` and return its address.

    :raises LocalServiceFailed: with the end of the server's own log.
    """
    return _join(directory.resolve() / "postgresql")


def redis_url(directory: Path) -> str:
    """Start (or join) the Valkey under `directory` and return its address.

    :raises LocalServiceFailed: with the end of the server's own log.
    """
    return _join(directory.resolve() / "valkey")


def is_held(lock_file: Path) -> bool:
    """Return whether a living process holds the lock of that file."""
    if not lock_file.exists():
        return False
    with lock_file.open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def leave(directory: Path, *, wait_seconds: float = 60.0) -> None:
    """Let go of both services of `directory`, and wait until those nobody holds have stopped.

    Processes that simply end need not call this. It is for those that remove the directory.
    """
    for home in (directory.resolve() / name for name in ("postgresql", "valkey")):
        handle = _held.pop(home, None)
        if handle is not None:
            os.close(handle)
        _wait_for_stop(home, wait_seconds)


def ended(directory: Path) -> str:
    """Return what ended although this process holds it, with the end of its log; empty if none."""
    for home in (directory.resolve() / name for name in ("postgresql", "valkey")):
        if home in _held and not _runs(home):
            return _why(home, "ended by itself")
    return ""


def _runs(home: Path) -> bool:
    """Return whether a living keeper has a server: it takes the address away with that."""
    return _beside(home, "url").exists() and not _is_free(_beside(home, "keeper"), fcntl.LOCK_EX)


def _wait_for_stop(home: Path, seconds: float) -> None:
    """Wait until no keeper runs for `home`, or find that some other process holds the service."""
    ends = time.monotonic() + seconds
    while home.exists() and time.monotonic() < ends:
        if _is_free(_beside(home, "keeper"), fcntl.LOCK_EX) or _others_hold(home):
            return
        time.sleep(0.02)


def _others_hold(home: Path) -> bool:
    """Return whether holders are left: the lock can be shared, but not had alone."""
    holders = _beside(home, "holders")
    return not _is_free(holders, fcntl.LOCK_EX) and _is_free(holders, fcntl.LOCK_SH)


def _is_free(path: Path, kind: int) -> bool:
    handle = _try_lock(path, kind)
    if handle is not None:
        os.close(handle)
    return handle is not None


def _join(home: Path) -> str:
    """Hold the service whose files live in `home`, starting it where nobody has; give its URL."""
    url_file = _beside(home, "url")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        if home not in _held:
            _held[home] = _hold(_beside(home, "holders"))
        _wait_until_ready(home, url_file)
        return url_file.read_text().strip()
    except PermissionError as error:
        raise LocalServiceFailed(
            f"{error.filename} belongs to another user of this machine. Run as that user, or "
            f"remove {home.parent} (it holds only development data) and start again."
        ) from error


def _wait_until_ready(home: Path, url_file: Path) -> None:
    """Return once a living keeper has written the address; start that keeper where none lives."""
    ends = time.monotonic() + START_SECONDS
    started = False
    while time.monotonic() < ends:
        keeper = _try_lock(_beside(home, "keeper"), fcntl.LOCK_EX)
        if keeper is None:
            if url_file.exists():
                return
            time.sleep(0.02)
            continue
        if started:
            os.close(keeper)
            raise LocalServiceFailed(_why(home, "stopped while starting"))
        url_file.unlink(missing_ok=True)
        _start_keeper(home, keeper)
        started = True
    raise LocalServiceFailed(_why(home, f"was not ready after {START_SECONDS:.0f} seconds"))


def _start_keeper(home: Path, keeper: int) -> None:
    """Run the keeper, handing it the lock that says it lives. It detaches itself."""
    log = _beside(home, "log")
    with log.open("wb") as output:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "lrm.local.keeper",
                home.name,
                str(home),
                str(_beside(home, "holders")),
                str(_beside(home, "url")),
            ],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[keeper],
            check=False,
        )
    os.close(keeper)


def _why(home: Path, what: str) -> str:
    log = _beside(home, "log")
    tail = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
    return "\n".join([f"The local {home.name} {what}. The end of {log}:", *tail])


def _beside(home: Path, suffix: str) -> Path:
    return home.parent / f"{home.name}.{suffix}"


def _hold(path: Path) -> int:
    """Take the shared lock, waiting while a keeper that is stopping holds it alone."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        handle = _try_lock(path, fcntl.LOCK_SH)
        if handle is not None:
            return handle
        time.sleep(0.02)
    raise LocalServiceFailed(f"{path} stayed locked: the service before is not stopping.")


def _try_lock(path: Path, kind: int) -> int | None:
    """Return a descriptor that holds the lock until it is closed, or None where it is taken."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
