"""A real PgBouncer in transaction mode before a test's PostgreSQL; a package of Debian's."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from lrm.demo import ports
from tests.support import waiting

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextmanager
def running(server: str, place: Path, *, connections: int) -> Iterator[str]:
    """Run it before a server, with so many connections to share, and give its address.

    :param server: as `DATABASE_URL` names it.
    :param place: an empty folder, which its user gets.
    """
    assert PROGRAM is not None
    parts = urlsplit(server)
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    port = ports.free_port()
    # It signs in for all; where the server asks for no password there is none to tell.
    words = unquote(parts.password or "").replace("'", "''")
    password = f" password='{words}'" if words else ""
    config = place / "pgbouncer.ini"
    config.touch(mode=0o600)
    config.write_text(
        "[databases]\n"
        f"* = host={host} port={parts.port or 5432} user={parts.username}{password}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        # Nobody but this machine's tests can reach it.
        "auth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 200\n"
        f"logfile = {place}/pgbouncer.log\n"
    )
    if (user := _user()) is not None:
        for path in (place, config):
            shutil.chown(path, user, user)
    with subprocess.Popen(
        [PROGRAM, "--quiet", str(config)],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert waiting.wait_until(lambda: _listens(port)), "PgBouncer did not start"
            yield f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
        finally:
            # At once, whoever is still connected.
            process.send_signal(signal.SIGTERM)


def said(place: Path) -> str:
    """Return its log."""
    return (place / "pgbouncer.log").read_text()


def _user() -> str | None:
    """Return as whom it runs: it refuses to be root. PostgreSQL's user exists by then."""
    # As `lrm.local.postgres` calls it, which is not for importing here: its package warns.
    return "pgserver" if os.geteuid() == 0 else None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
