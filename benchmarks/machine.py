"""On what a figure was measured: without that it says little."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import redis

_GIGABYTE = 1024**3


def describe(*, database_url: str, redis_url: str) -> list[str]:
    """Return lines on the machine and the servers."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIGABYTE
    return [
        now(),
        f"{cores()}, {memory:.0f} GB of memory, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, PostgreSQL {_postgres(database_url)}, "
        f"Valkey {_valkey(redis_url)}, all on this machine",
    ]


def now() -> str:
    """Return the moment, to the minute."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def cores() -> str:
    """Return how many cores there are, of which processor."""
    return f"{os.cpu_count()} cores ({_processor()})"


def load() -> str:
    """Return the load averages of 1 and 5 minutes, in words."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} over a minute, {five:.1f} over five"


class Busy:
    """How many cores the whole machine kept busy since this was made."""

    def __init__(self) -> None:
        self._before = _ticks()

    def cores(self) -> float:
        """Return the busy cores on average."""
        busy, everything = (
            now - before for now, before in zip(_ticks(), self._before, strict=True)
        )
        return (os.cpu_count() or 1) * busy / everything if everything else 0.0


def processor_seconds(pid: int) -> float:
    """Return the processor seconds of a process and of all that came of it, ended ones too."""
    children = _children()
    waiting, ticks = [pid], 0
    while waiting:
        one = waiting.pop()
        waiting += children.get(one, [])
        # user, system, and the same of children that have ended
        ticks += sum(int(figure) for figure in _stat(one)[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def parent_of(pid: int) -> int:
    """Return the process that started another."""
    return int(_stat(pid)[1])


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and (fields := _stat(int(path.name))):
            found.setdefault(int(fields[1]), []).append(int(path.name))
    return found


def _stat(pid: int) -> list[str]:
    """Return what the system says of a process after its name; nothing where it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _ticks() -> tuple[int, int]:
    """Return the processor ticks so far, (busy, all), of all cores together (Linux)."""
    fields = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    # user nice system idle iowait irq softirq steal
    return sum(fields) - fields[3] - fields[4], sum(fields)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _postgres(url: str) -> str:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return str(cursor.fetchone()[0])  # type: ignore[index]
    finally:
        connection.close()


def _valkey(url: str) -> str:
    with redis.Redis.from_url(url) as client:
        told = client.info("server")
    return str(told.get("valkey_version") or told["redis_version"])
