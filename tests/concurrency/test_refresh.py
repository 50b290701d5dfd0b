"""Eight processes refresh one token at once, and one is killed while it does.

One refresh, one pair, no dead grant. REFRESH_ROUNDS sets how often they race.
"""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection as database
from django.utils import timezone
from pytest_django.fixtures import Settings

from connected_apps.models import Connection, Grant, Organisation, State
from connected_apps.oauth import identity, tokens
from tests.support import builders, simulator_process

ROOT = Path(__file__).parents[2]
PROCESSES = 8
ROUNDS = int(os.environ.get("REFRESH_ROUNDS", "5"))

# One process: it waits for a line on its input, then asks for a token and prints what it got.
WORKER = """
import json, sys
import django
django.setup()
from django.db import connection
from django.utils import timezone
from connected_apps import errors
from connected_apps.oauth import tokens
connection.settings_dict["NAME"] = sys.argv[1]
connection.ensure_connection()
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        token = tokens.access_token_for(
            connection_id=asked["connection"], now=timezone.now(), rejected=asked["rejected"]
        )
        print(json.dumps({"token": token.value}), flush=True)
    except errors.ConnectedAppsError as error:
        print(json.dumps({"error": repr(error)}), flush=True)
"""


class Crew:
    """Processes that ask for a token of the same connection at the same moment."""

    def __init__(self, simulator_url: str, *, size: int = PROCESSES) -> None:
        # The workers find the same server by themselves, and take the test's own database of it.
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "XERO_IDENTITY_URL": simulator_url,
            "XERO_API_URL": simulator_url,
            "REDIS_URL": django_settings.REDIS_URL,
        }
        name = database.settings_dict["NAME"]
        self._workers = [
            subprocess.Popen(
                [sys.executable, "-c", WORKER, name],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(size)
        ]
        for worker in self._workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"

    def ask(self, connection_id: int, rejected: str | None) -> list[dict[str, str]]:
        """Let all ask at once and return their answers."""
        self.start(connection_id, rejected)
        answers = []
        for worker in self._workers:
            assert worker.stdout is not None
            answers.append(json.loads(worker.stdout.readline()))
        return answers

    def start(self, connection_id: int, rejected: str | None) -> None:
        """Let all ask at once, without waiting for an answer."""
        line = json.dumps({"connection": connection_id, "rejected": rejected}) + "\n"
        for worker in self._workers:
            assert worker.stdin is not None
            worker.stdin.write(line)
            worker.stdin.flush()

    def kill(self) -> None:
        """End the processes as a power cut does."""
        for worker in self._workers:
            worker.kill()
            worker.wait(timeout=simulator_process.TIMEOUT)
            for pipe in (worker.stdin, worker.stdout):
                assert pipe is not None
                pipe.close()

    def dismiss(self) -> None:
        """End the processes."""
        for worker in self._workers:
            assert worker.stdin is not None
            worker.stdin.close()
            worker.wait(timeout=simulator_process.TIMEOUT)
            assert worker.stdout is not None
            worker.stdout.close()


@pytest.mark.timeout(180 + ROUNDS * 2)  # Eight starts on a busy machine take their time.
@pytest.mark.django_db(transaction=True)
def test_eight_processes_refresh_once_when_they_ask_at_once(settings: Settings) -> None:
    with simulator_process.running("--no-limits") as url:
        settings.XERO_IDENTITY_URL = settings.XERO_API_URL = url
        connection = _connect(url)
        crew = Crew(url)
        try:
            for number in range(1, ROUNDS + 1):
                grant = Grant.objects.get()
                rejected = None
                if number % 2:
                    # By the clock: the token is in its last five minutes.
                    Grant.objects.update(access_expires_at=timezone.now() + timedelta(minutes=4))
                else:
                    # By a 401: every process had the same token refused.
                    rejected = tokens.grant_token(grant_id=grant.pk, now=timezone.now()).value

                answers = crew.ask(connection.pk, rejected)

                assert len({answer["token"] for answer in answers}) == 1
                assert Grant.objects.get().refresh_count == number
                assert simulator_process.control(url, "tokens")["grants"][0]["refreshes"] == number
        finally:
            crew.dismiss()

    assert Connection.objects.get().state == State.CONNECTED
    assert Grant.objects.get().dead_at is None


@pytest.mark.timeout(180)
@pytest.mark.django_db(transaction=True)
def test_process_killed_during_its_refresh_costs_nothing(settings: Settings) -> None:
    with simulator_process.running("--no-limits") as url:
        settings.XERO_IDENTITY_URL = settings.XERO_API_URL = url
        connection = _connect(url)
        Grant.objects.update(access_expires_at=timezone.now() + timedelta(minutes=4))
        # Xero answers too late for the one who asked: it is gone by then.
        slow = {"match": {"path": "/connect/token"}, "times": 1, "answer": {"delay_seconds": 60}}
        simulator_process.control(url, "faults", slow)
        crew = Crew(url, size=1)
        crew.start(connection.pk, None)
        simulator_process.wait_until_held(url)

        crew.kill()
        simulator_process.control(url, "clock", {"advance_seconds": 60})
        token = tokens.access_token_for(connection_id=connection.pk, now=timezone.now())

    assert token.value
    assert Connection.objects.get().state == State.CONNECTED
    assert Grant.objects.get().refresh_count == 1


def _connect(url: str) -> Connection:
    """Store a connection with the tokens of a real consent in the simulator."""
    answer = simulator_process.exchange(url, simulator_process.consent(url))
    listed = identity.connections(access_token=answer["access_token"])
    portal = builders.make_portal()
    now = timezone.now()
    pair = identity.TokenPair(
        access_token=answer["access_token"],
        refresh_token=answer["refresh_token"],
        life_seconds=answer["expires_in"],
        scopes=answer["scope"],
        xero_user_id="",
        xero_user_name="",
        authentication_event_id="",
    )
    return Connection.objects.create(
        portal=portal,
        state=State.CONNECTED,
        state_since=now,
        organisation=Organisation.objects.create(
            portal=portal, tenant_id=listed[0].tenant_id, name=listed[0].name
        ),
        grant=tokens.new_grant(portal_id=portal.pk, pair=pair, now=now),
    )
