"""What an operator runs before the first start: secrets made once, and a user for the database."""

import os
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import psycopg2
import pytest

from lrm import settings as product_settings
from tests.support import postgres_programs, processes
from tests.support.deployment_files import COMPOSE, SYSTEM

DEPLOY = processes.ROOT / "deploy"


def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the folder."""
    return subprocess.run(
        [str(DEPLOY / script), *arguments],
        env={**SYSTEM, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_secrets_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    place = tmp_path / "secrets"

    first = run("make-secrets.sh", str(place))
    before = {path.name: path.read_text() for path in place.iterdir()}
    (place / "xero_client_secret").write_text("made-up")
    second = run("make-secrets.sh", str(place))

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert set(before) == set(COMPOSE["secrets"])
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    # What stands there already is left alone.
    after = {path.name: path.read_text() for path in place.iterdir()}
    assert after == {**before, "xero_client_secret": "made-up"}
    random = {before[name] for name in ("postgres_password", "database_password", "redis_password")}
    assert len(random) == 3
    assert min(map(len, random)) >= 60
    assert "xero_client_secret is empty" in first.stdout
    assert "xero_client_secret is empty" not in second.stdout
    # No secret on the screen.
    assert not any(
        text and text in first.stdout for name, text in before.items() if name != "email_url"
    )


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[str]:
    """Run the script on the tests' server for a name of this test's own; give its address."""
    server = product_settings.service_url("DATABASE_URL")
    name = f"own_{uuid.uuid4().hex[:12]}"
    (tmp_path / "password").write_text('it\'s \\made "up" $HOME')
    parts = urlsplit(server)
    host = parts.hostname or parse_qs(parts.query)["host"][0]
    try:
        done = run(
            "database.sh",
            PATH=f"{postgres_programs.folder(server)}{os.pathsep}{os.environ['PATH']}",
            PGHOST=host,
            PGPORT=str(parts.port or 5432),
            PGPASSWORD=parts.password or "",
            POSTGRES_USER=parts.username or "postgres",
            DATABASE_NAME=name,
            DATABASE_PASSWORD_FILE=str(tmp_path / "password"),
        )
        assert done.returncode == 0, done.stderr
        password = quote((tmp_path / "password").read_text(), safe="")
        where = parts.netloc.rpartition("@")[2]
        yield urlunsplit(parts._replace(netloc=f"{name}:{password}@{where}", path=f"/{name}"))
    finally:
        with closing(psycopg2.connect(server)) as admin:
            admin.autocommit = True
            cursor = admin.cursor()
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute(f'DROP ROLE IF EXISTS "{name}"')
            # As a server has it that the script was not run on.
            cursor.execute("GRANT CONNECT, TEMPORARY ON DATABASE postgres TO PUBLIC")
            cursor.execute("GRANT CONNECT ON DATABASE template1 TO PUBLIC")


@pytest.mark.slow
def test_product_lives_in_a_database_whose_user_owns_nothing_else(new_database: str) -> None:
    migrated = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v", "0"],
        cwd=processes.ROOT,
        env={
            **processes.unmeasured(os.environ),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": new_database,
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert migrated.returncode == 0, migrated.stderr
    with closing(psycopg2.connect(new_database)) as own:
        cursor = own.cursor()
        cursor.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False,) * 5
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname <> current_database()"
            " AND has_database_privilege(current_user, oid, 'CONNECT')"
            " AND datname IN ('postgres', 'template1')"
        )
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT current_setting('timezone'), current_setting('jit'),"
            " current_setting('idle_in_transaction_session_timeout')"
        )
        assert cursor.fetchone() == ("UTC", "off", "90s")


def test_script_refuses_to_make_a_user_without_a_password(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    refused = run("database.sh", DATABASE_PASSWORD_FILE=str(tmp_path / "empty"))

    assert refused.returncode == 1
    assert "is missing or empty" in refused.stderr
