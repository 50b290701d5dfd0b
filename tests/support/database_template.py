"""A database that is migrated once, of which every test process takes a copy.

To migrate takes many seconds, to copy a fraction of one. The template's name tells the migrations
that made it, so that a change of one makes a new template. A copy is migrated too, as Django does
with every database of tests; it only finds nothing left to do.
"""

import hashlib
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.apps import apps
from psycopg2 import extensions

from tests.support import processes

_PREFIX = "template_lrm_"


@contextmanager
def ready(server: str) -> Iterator[str]:
    """Give the name of the template on that server; nobody drops it while the block runs.

    The first process makes it, others wait for that. The server forgets the locks of one that dies.
    """
    name = _PREFIX + _digest()
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_number(_PREFIX)])
            cursor.execute("SELECT pg_advisory_lock_shared(%s)", [_number(name)])
            found = _templates(cursor)
            if name not in found:
                _drop_unused(cursor, found)
                _make(cursor, server, name)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_number(_PREFIX)])
        yield name


def _digest() -> str:
    """Return what all migrations come to, Django's own included."""
    digest = hashlib.sha256()
    for app in sorted(apps.get_app_configs(), key=lambda one: one.name):
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(f"{app.name} {path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _number(name: str) -> int:
    """Return the number that a lock of that name has in PostgreSQL."""
    return zlib.crc32(name.encode())


def _templates(cursor: extensions.cursor) -> set[str]:
    cursor.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname::text, %s)", [_PREFIX]
    )
    return {row[0] for row in cursor.fetchall()}


def _drop_unused(cursor: extensions.cursor, names: set[str]) -> None:
    """Drop templates of other migrations, unless another checkout's tests stand on them."""
    for name in names:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_number(name)])
        if cursor.fetchone() == (True,):
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_number(name)])


def _make(cursor: extensions.cursor, server: str, name: str) -> None:
    """Migrate a new database as an operator does; it gets its name when it is whole."""
    draft = f"making_{name}"
    cursor.execute(f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')
    cursor.execute(f'CREATE DATABASE "{draft}"')
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v", "0"],
        cwd=processes.ROOT,
        env={
            **processes.unmeasured(os.environ),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{draft}")),
        },
        check=True,
    )
    cursor.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
