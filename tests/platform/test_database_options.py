"""What each connection asks of PostgreSQL at its start, and the doctor where it could not.

None of our statements is compiled, as that takes longer than any of them works. Who hangs within a
transaction holds its rows no longer than a lease lasts.
"""

import signal
from collections.abc import Iterator

import pytest
from django.db import connection

from lrm.models import Portal
from lrm.watching import checkups
from lrm.watching.checkups import Level
from tests.support import processes
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


def setting(name: str) -> str:
    """Return what a setting of PostgreSQL is for this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


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
