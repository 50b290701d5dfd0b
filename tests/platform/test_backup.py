"""A backup, restored into another database: a re-sync makes it right, with proof."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from invoices.models import Document
from lrm.models import Learner
from tests.convergence import books
from tests.support import builders, postgres_programs, processes, web_process
from tests.support.linked import Linked, clock
from xero_sync.models import RunState, RunWhat
from xero_sync.runs import run_requests

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs."""
    done = subprocess.run(
        [str(postgres_programs.folder(web_process.database_url()) / program), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def elsewhere(transactional_db: None) -> Iterator[str]:
    """Make an empty database beside the test's own, and give its address."""
    name = f"restored_{uuid.uuid4().hex[:12]}"
    own = web_process.database_url()
    with closing(psycopg2.connect(own)) as admin:
        admin.autocommit = True
        admin.cursor().execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(own)._replace(path=f"/{name}"))
        finally:
            connection.close()
            admin.cursor().execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def standing_on(url: str) -> Iterator[None]:
    """Let this process's models use another database than the test's own."""
    own = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = urlsplit(url).path.lstrip("/")
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


def doctor(url: str) -> str:
    """Run the doctor on a database, and return what it says."""
    return subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=processes.ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": url,
            "REDIS_URL": settings.REDIS_URL,
        },
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def test_backup_restored_elsewhere_is_right_after_a_verified_resync(
    linked: Linked, elsewhere: str, tmp_path: Path
) -> None:
    linked.sweep()
    learner = builders.make_learner(linked.portal, number="B0001")
    dump = tmp_path / "lrm.dump"
    began = time.monotonic()

    run("pg_dump", "--format", "custom", "--file", str(dump), web_process.database_url())
    dumped = time.monotonic()
    # What happens between the backup and the day that it is needed.
    paid = Document.objects.filter(kind="INVOICE", status="AUTHORISED", amount_due__gt=0)[0]
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=str(paid.xero_id))
    began_again = time.monotonic()
    run("pg_restore", "--no-owner", "--exit-on-error", "--dbname", elsewhere, str(dump))
    restored = time.monotonic()

    told = doctor(elsewhere)
    assert "all are in" in told
    assert "can be read" in told, told
    with standing_on(elsewhere):
        assert Learner.objects.get(pk=learner.pk).number == "B0001"
        assert Document.objects.get(pk=paid.pk).status == "AUTHORISED"
        today = clock().date()
        asked = run_requests.request(
            portal=linked.portal,
            date_from=today - timedelta(days=3000),
            date_to=today + timedelta(days=400),
            what=RunWhat.DOCUMENTS,
            by=linked.manager,
            now=clock(),
        )
        ended = linked.work(asked.run)
        assert (ended.state, ended.reason) == (RunState.DONE, "")
        differences = books.differences(
            books.theirs(linked.books()), books.ours(linked.organisation)
        )
        documents = Document.objects.count()
    assert differences == {}
    print(  # noqa: T201 - the figures of docs/operations.md
        f"{documents} documents: dump {dumped - began:.1f} s and "
        f"{dump.stat().st_size / 2**20:.1f} MB, restore {restored - began_again:.1f} s"
    )
