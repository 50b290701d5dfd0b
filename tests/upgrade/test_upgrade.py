"""A release rolls out over one that was in the midst of its work, and nothing is lost."""

import gzip
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
import redis
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from connected_apps.models import Connection, Grant, Organisation, PendingRemoval
from invoices.models import ContactLink
from lrm import settings as product_settings
from tests.convergence import books
from tests.support import consent_walk, simulator_process
from xero_sync.models import (
    ENDED_RUNS,
    ContactPush,
    Cursor,
    Delivery,
    EventState,
    PushState,
    SyncRun,
    WebhookEvent,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
RELEASE = Path(__file__).with_name("release_0_1")
SECONDS = 300
QUEUES = ("people", "events", "bulk")
# What beat of that release sends every ten seconds.
WAKE = "xero_sync.tasks.ring_all"


@contextmanager
def restored() -> Iterator[str]:
    """Restore the release's database beside the tests' own, and give its address."""
    server = product_settings.service_url("DATABASE_URL")
    name = f"upgrade_{uuid.uuid4().hex[:12]}"
    with closing(psycopg2.connect(server)) as admin:
        admin.autocommit = True
        admin.cursor().execute(f'CREATE DATABASE "{name}"')
        try:
            url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
            with closing(psycopg2.connect(url)) as fresh, fresh, fresh.cursor() as cursor:
                cursor.execute(gzip.decompress((RELEASE / "database.sql.gz").read_bytes()).decode())
            yield url
        finally:
            admin.cursor().execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def columns(url: str) -> dict[tuple[str, str], tuple[str, bool]]:
    """Return the type of every column, and whether an INSERT must name it."""
    with closing(psycopg2.connect(url)) as asked, asked.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, udt_name, is_nullable = 'NO'"
            " AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'"
            " FROM information_schema.columns WHERE table_schema = 'public'"
        )
        return {(table, column): (kind, must) for table, column, kind, must in cursor.fetchall()}


def migrate(environment: dict[str, str]) -> None:
    """Run the migrations as an operator does."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=environment, check=True
    )


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Give what a process needs to work on the restored database with a broker of its own."""
    with restored() as url:
        yield {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": url,
            "REDIS_URL": django_settings.REDIS_URL,
        }


@contextmanager
def looking_at(url: str, blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let this process's models read another database than the tests' own."""
    own = connection.settings_dict["NAME"]
    with blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = urlsplit(url).path.lstrip("/")
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own


def connect_again(url: str) -> None:
    """Give each stored grant tokens that this simulator knows: those of the dump are another's."""
    person = consent_walk.person_with(url, 3)
    for grant in Grant.objects.all():
        for held in Connection.objects.filter(grant=grant).select_related("organisation"):
            assert held.organisation is not None
            tenant = str(held.organisation.tenant_id)
            tokens = consent_walk.connect(url, person, tenants=[tenant])
            known = consent_walk.connections(url, tokens["access_token"]).json()
            now_called = next(one["id"] for one in known if one["tenantId"] == tenant)
            PendingRemoval.objects.filter(grant=grant).update(xero_connection_id=now_called)
            Connection.objects.filter(pk=held.pk).update(xero_connection_id=now_called)
            # As that release stored them.
            key = Fernet(django_settings.TOKEN_ENCRYPTION_KEYS[0])
            Grant.objects.filter(pk=grant.pk).update(
                access_token_encrypted=key.encrypt(tokens["access_token"].encode()),
                refresh_token_encrypted=key.encrypt(tokens["refresh_token"].encode()),
                access_expires_at=timezone.now() + timedelta(minutes=30),
            )


def happen_again(url: str, facts: dict[str, Any]) -> None:
    """Let what the release was told of, and what it sent without a reply, stand in Xero."""
    for xero_id in facts["changed"]:
        body = {"tenant": facts["tenant"], "act": "pay", "id": xero_id}
        simulator_process.control(url, "documents", body)
    person = simulator_process.connect(url)
    assert person.tenant_id == facts["tenant"]
    lost = {"Name": "Cyd Upgrade", "ContactNumber": facts["lost_reply"]}
    assert person.send("PUT", "Contacts", {"Contacts": [lost]}).status_code == 200


def put_in_queues(server: redis.Redis, messages: dict[str, list[dict[str, Any]]]) -> None:
    """Put messages where that release's web and beat left them."""
    for queue, waiting in messages.items():
        for message in waiting:
            server.rpush(queue, json.dumps(message))


@contextmanager
def worker(environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run one worker of this release on every queue."""
    command = [sys.executable, "-m", "celery", "-A", "lrm", "--quiet", "worker"]
    command += ["--queues", ",".join(QUEUES), "--pool", "threads", "--concurrency", "4"]
    command += ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    with (
        log.open("w") as said,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def waits(tenant: str) -> list[str]:
    """Return what has still to be done; an organisation that is disconnected has nothing."""
    now = timezone.now()
    due = Q(last_swept_at=None) | Q(next_due_at__lte=now) | Q(count_due_at__lte=now)
    connected = Q(organisation__tenant_id=tenant)
    asked = {
        "deliveries": Delivery.objects.filter(unpacked_at=None),
        "events": WebhookEvent.objects.filter(state=EventState.PENDING),
        "runs": SyncRun.objects.filter(connected).exclude(state__in=ENDED_RUNS),
        "cursors": Cursor.objects.filter(connected, due),
        "pushes": ContactPush.objects.filter(state__in=[PushState.PENDING, PushState.SENT]),
        "removals": PendingRemoval.objects.filter(finished_at=None),
    }
    return [f"{name}: {rows.count()}" for name, rows in asked.items() if rows.exists()]


def wait_for(done: Callable[[], bool], *, meanwhile: Callable[[], None]) -> bool:
    """Wait until something is so, and do something meanwhile every few seconds."""
    gives_up_at = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > gives_up_at:
            return False
        meanwhile()
        time.sleep(2)
    return True


def test_work_of_the_release_before_is_done_by_this_one(
    environment: dict[str, str], tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    facts = json.loads((RELEASE / "facts.json").read_text())
    messages = json.loads((RELEASE / "messages.json").read_text())
    wake = [one for one in messages["people"] if one["headers"]["task"] == WAKE]
    server = redis.Redis.from_url(environment["REDIS_URL"])
    server.flushdb()
    log = tmp_path / "worker.log"
    with (
        # What is stored was read when void documents still showed what had been due.
        simulator_process.running(*facts["options"], "--voids-show-due") as url,
        looking_at(environment["DATABASE_URL"], django_db_blocker),
    ):
        environment |= {"XERO_IDENTITY_URL": url, "XERO_API_URL": url}
        happen_again(url, facts)
        migrate(environment)
        connect_again(url)
        # Its beat still runs, and this release's worker is the first to start.
        put_in_queues(server, messages)
        with worker(environment, log):
            done = wait_for(
                lambda: not waits(facts["tenant"]),
                meanwhile=lambda: put_in_queues(server, {"people": wake}),
            )
        assert done, f"{waits(facts['tenant'])}\n{log.read_text()[-5000:]}"

        organisation = Organisation.objects.get(
            tenant_id=facts["tenant"], portal__slug=facts["portal"]
        )
        there = simulator_process.control(url, f"books?tenant={facts['tenant']}")
        assert books.differences(books.theirs(there), books.ours(organisation)) == {}
        assert {run.state for run in SyncRun.objects.filter(is_first=False)} <= set(ENDED_RUNS)
        pushed = dict(ContactPush.objects.values_list("learner__number", "state"))
        # The one that was refused went again, since a run of learners was asked for.
        assert pushed == {"U0002": "DONE", "U0003": "DONE", "U0004": "DONE"}
        assert ContactLink.objects.filter(learner__number__in=pushed).count() == 3
        numbers = [one["number"] for one in there["contacts"]]
        assert [numbers.count(number) for number in pushed] == [1, 1, 1]
        assert "Received unregistered task" not in log.read_text()


def test_release_before_can_still_write_after_the_migrations(environment: dict[str, str]) -> None:
    before = columns(environment["DATABASE_URL"])
    migrate(environment)
    after = columns(environment["DATABASE_URL"])

    assert {key: after[key][0] for key in before if key in after} == {
        key: kind for key, (kind, _) in before.items()
    }
    # A column that it does not know, in a table that it fills, must fill itself.
    tables = {table for table, _ in before}
    demanded = {
        key for key, (_, must) in after.items() if must and key[0] in tables and key not in before
    }
    assert demanded == set()
