"""The whole product through a real PgBouncer in transaction mode, on few connections."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import requests
from django.conf import settings as django_settings
from django.db import connection
from pytest_django.fixtures import Settings

from connected_apps.models import Connection, Organisation
from invoices.models import Document
from lrm.models import Learner
from tests.convergence import books
from tests.support import (
    builders,
    composed,
    own_product,
    pooler,
    processes,
    simulator_process,
    waiting,
    web_process,
    xero,
)
from tests.support.simulator_client import SimulatorClient
from xero_sync.models import RunState, SyncRun

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.usefixtures("transactional_db"),
    pytest.mark.skipif(pooler.PROGRAM is None, reason="PgBouncer is not installed (apt-get)"),
]
KEY = "made-up"
# Two web processes with eight threads each, eight workers and commands share these.
CONNECTIONS = 3


@pytest.fixture
def world(settings: Settings) -> Iterator[SimulatorClient]:
    """Give a Xero with some documents."""
    with simulator_process.running("--no-limits", "--documents", "600", "--contacts", "60") as url:
        xero.point_at(url, settings)
        yield SimulatorClient(url)


@pytest.fixture
def linked_connection(world: SimulatorClient) -> Connection:
    """Connect a portal, whose first sync waits for workers."""
    person = xero.Browser(world, builders.make_user(builders.make_portal(), portal_admin=True))
    person.connect()
    return person.connection


@pytest.fixture
def environment(world: SimulatorClient, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the settings of a product that reaches its database by the pooler alone."""
    place = make_open(tmp_path / "pooler")
    direct = web_process.database_url()
    with pooler.running(direct, place, connections=CONNECTIONS) as url:
        yield own_product.environment(
            tmp_path,
            DATABASE_URL=url,
            DATABASE_POOLER="True",
            XERO_API_URL=world.url,
            XERO_IDENTITY_URL=world.url,
            XERO_WEBHOOK_KEYS=KEY,
            REDIS_URL=django_settings.REDIS_URL,
        )
    connection.close()


def make_open(place: Path) -> Path:
    """Make a folder that the pooler's user can reach, whom pytest's own folders keep out."""
    place.mkdir()
    for above in place.parents:
        if above.owner() == place.owner() and above.stat().st_mode & 0o001 == 0:
            above.chmod(above.stat().st_mode | 0o011)
    return place


@contextmanager
def standing_behind(url: str, *, is_told: bool) -> Iterator[None]:
    """Let this process's models reach their database by a pooler."""
    own, parts = dict(connection.settings_dict), urlsplit(url)
    connection.close()
    connection.settings_dict.update(
        HOST=parts.hostname, PORT=parts.port, OPTIONS={}, DISABLE_SERVER_SIDE_CURSORS=is_told
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(own)


def rows_of_report(environment: dict[str, str], slug: str) -> int:
    """Run report #0442 as a command, which reads row by row, and return how many there are."""
    done = subprocess.run(
        [
            *(sys.executable, "manage.py", "report_0442", slug, "--format", "json"),
            *("--from", "2000-01-01", "--to", "2099-12-31"),
        ],
        cwd=processes.ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return len(json.loads(done.stdout)["rows"])


def test_whole_product_works_through_a_pooler_in_transaction_mode(
    world: SimulatorClient,
    linked_connection: Connection,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    organisation = linked_connection.organisation
    assert isinstance(organisation, Organisation)
    run = SyncRun.objects.get(organisation=organisation)

    with composed.running(tmp_path, environment) as product:
        assert waiting.wait_until(lambda: not SyncRun.objects.get(pk=run.pk).is_open, seconds=120)
        world.do("webhooks", url=f"{product.url}/webhooks/xero/", key=KEY, enabled=True)
        paid = Document.objects.filter(kind="INVOICE", status="AUTHORISED", amount_due__gt=0)[0]
        world.do("documents", act="pay", id=str(paid.xero_id))
        assert waiting.wait_until(
            lambda: Document.objects.get(pk=paid.pk).status == "PAID", seconds=90
        )
        with ThreadPoolExecutor(3) as people:
            ready = people.submit(requests.get, f"{product.url}/readyz", timeout=60)
            counts = [
                people.submit(rows_of_report, environment, linked_connection.portal.slug)
                for _ in range(2)
            ]
            found = {one.result() for one in counts}
        told = ready.result().json()

    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.DONE, "")
    assert told["checks"]["database"]["ok"], told
    shown = world.show("books", tenant=str(organisation.tenant_id))
    assert books.differences(books.theirs(shown), books.ours(organisation)) == {}
    assert found == {Document.objects.filter(organisation=organisation).count()}


@pytest.mark.parametrize("is_told", [True, False])
def test_list_is_read_row_by_row_when_the_settings_tell_of_the_pooler(
    is_told: bool, tmp_path: Path
) -> None:
    portal = builders.make_portal()
    for number in range(4):
        builders.make_learner(portal, number=f"P000{number}")
    place = make_open(tmp_path / "pooler")
    with (
        pooler.running(web_process.database_url(), place, connections=2) as url,
        standing_behind(url, is_told=is_told),
        closing(psycopg2.connect(url)) as other,
    ):
        rows = Learner.objects.order_by("pk").iterator(chunk_size=1)
        next(rows)
        # Somebody else has the connection that the first row came by.
        other.cursor().execute("SELECT 1")
        if is_told:
            assert len(list(rows)) == 3
        else:
            with pytest.raises(psycopg2.Error, match="does not exist"):
                list(rows)
