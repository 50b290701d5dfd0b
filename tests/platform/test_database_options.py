"""What each connection asks of PostgreSQL at its start, and the doctor where it could not.

None of our statements is compiled, as that takes longer than any of them works. Who hangs within a
transaction holds its rows no longer than a lease lasts. And a server that vanishes without a word
is given up within a minute, by whoever waits for it.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from psycopg2.extensions import make_dsn

from lrm.models import Portal
from lrm.watching import checkups
from lrm.watching.checkups import Level
from tests.support import processes
from tests.support.deployment_files import PRODUCTION, SYSTEM
from xero_sync.jobs import leases

_HANGS = """
import sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.db import connection, transaction
from lrm.models import Portal
with transaction.atomic():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '2s'")
    Portal.objects.select_for_update().get(pk=sys.argv[2])
    print("locked", flush=True)
    input()
"""

_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_TELLS = """
import json
import django
django.setup()
from django.db import connection
print(json.dumps(connection.get_connection_params(), default=str))
"""
_ADDRESS = "postgresql://lrm@db.example.com/lrm"
_SOCKET = "postgresql://lrm@/lrm?host=/run/postgresql"


def told(url: str, *, is_pooled: bool = False) -> dict[str, Any]:
    """Return how a process in production connects to a database."""
    done = subprocess.run(
        [sys.executable, "-c", _TELLS],
        cwd=processes.ROOT,
        env={
            **SYSTEM,
            **PRODUCTION,
            "DJANGO_SETTINGS_MODULE": "lrm.settings",
            "DATABASE_URL": url,
            "DATABASE_POOLER": str(is_pooled),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def setting(name: str) -> str:
    """Return what a setting of PostgreSQL is for this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize("is_pooled", [False, True], ids=["alone", "behind a pooler"])
@pytest.mark.parametrize("url", [_ADDRESS, _SOCKET], ids=["address", "socket"])
def test_server_that_vanishes_is_given_up_within_a_minute(url: str, is_pooled: bool) -> None:
    found = told(url, is_pooled=is_pooled)

    assert {name: found.get(name) for name in _PATIENCE} == _PATIENCE
    assert ("options" in found) is not is_pooled
    assert found["host"] == ("db.example.com" if url == _ADDRESS else "/run/postgresql")
    # Each is a word that libpq knows.
    make_dsn(**{name: found[name] for name in _PATIENCE})


@pytest.mark.parametrize("is_pooled", [False, True], ids=["alone", "behind a pooler"])
def test_patience_that_the_address_names_wins(is_pooled: bool) -> None:
    found = told(f"{_ADDRESS}?connect_timeout=11&tcp_user_timeout=7000", is_pooled=is_pooled)

    changed = {"connect_timeout": 11, "tcp_user_timeout": 7000}
    assert {name: found.get(name) for name in _PATIENCE} == {**_PATIENCE, **changed}


@pytest.fixture
def told_nothing(transactional_db: None) -> Iterator[None]:
    """Connect as through a pooler, which takes no options at the start."""
    own = connection.settings_dict["OPTIONS"]
    connection.close()
    connection.settings_dict["OPTIONS"] = {
        name: value for name, value in own.items() if name != "options"
    }
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = own


@pytest.mark.django_db
def test_connections_ask_for_no_compiled_statements() -> None:
    assert setting("jit") == "off"


@pytest.mark.django_db
def test_transaction_that_hangs_lasts_as_long_as_a_lease() -> None:
    assert setting("idle_in_transaction_session_timeout") == "90s"
    assert leases.LEASE.total_seconds() == 90


@pytest.mark.django_db(transaction=True)
def test_stopped_process_holds_its_rows_for_no_longer(portal: Portal) -> None:
    """With two seconds in the place of the ninety."""
    hanging = processes.start_python(_HANGS, str(connection.settings_dict["NAME"]), str(portal.pk))
    assert hanging.stdout is not None
    try:
        assert hanging.stdout.readline() == "locked\n"
        hanging.send_signal(signal.SIGSTOP)

        Portal.objects.filter(pk=portal.pk).update(name="Changed all the same")
    finally:
        hanging.kill()
        hanging.communicate()

    portal.refresh_from_db()
    assert portal.name == "Changed all the same"


@pytest.mark.usefixtures("told_nothing")
@pytest.mark.parametrize(
    ("name", "otherwise", "advice"),
    [
        ("jit", "on", "ALTER ROLE lrm SET jit TO off"),
        (
            "idle_in_transaction_session_timeout",
            "0",
            "ALTER ROLE lrm SET idle_in_transaction_session_timeout TO '90s'",
        ),
    ],
)
def test_doctor_tells_how_to_set_it_where_connections_cannot(
    name: str, otherwise: str, advice: str
) -> None:
    assert setting(name) == otherwise

    found = [one for one in checkups.findings() if name in one.words]

    assert [(one.name, one.level) for one in found] == [("database", Level.LOOK)]
    assert advice in found[0].words


@pytest.mark.django_db
def test_doctor_says_nothing_where_they_can() -> None:
    assert not [one for one in checkups.findings() if "ALTER ROLE" in one.words]
