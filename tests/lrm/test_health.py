"""/healthz and /readyz."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from lrm import panels, version


@pytest.fixture
def checks() -> Iterator[dict[str, panels.ReadinessCheck]]:
    """The registry of readiness checks, put back as it was afterwards."""
    before = dict(panels._checks)
    yield panels._checks
    panels._checks.clear()
    panels._checks.update(before)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers, as a server that is stopped."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_healthz_answers_ok_and_the_version_without_a_database() -> None:
    # No `db` fixture: pytest-django fails the test at the first query.
    response = Client().get("/healthz")

    assert (response.status_code, response.content) == (200, f"ok {version.VERSION}".encode())


@pytest.mark.usefixtures("db")
def test_readyz_is_ready_when_database_and_valkey_answer(
    checks: dict[str, panels.ReadinessCheck],
) -> None:
    checks.clear()

    response = Client().get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "ok": True,
        "checks": {"database": {"ok": True}, "valkey": {"ok": True}},
    }


@pytest.mark.usefixtures("db")
def test_readyz_stays_ready_and_names_no_address_when_valkey_is_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://:secret@localhost:1/0"

    response = Client().get("/readyz")

    assert response.status_code == 200
    assert response.json()["ok"] is True
    assert response.json()["checks"]["valkey"] == {"ok": False, "error": "ConnectionError"}
    assert b"secret" not in response.content


@pytest.mark.usefixtures("db")
def test_readyz_stays_ready_within_seconds_when_valkey_hangs(
    settings: Settings, silent_port: int
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{silent_port}/0"
    began = time.monotonic()

    response = Client().get("/readyz")

    assert response.status_code == 200
    assert response.json()["checks"]["valkey"] == {"ok": False, "error": "TimeoutError"}
    assert time.monotonic() - began < 3


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("setting", "error"),
    [
        # The server may write no file: what a full disk looks like from here.
        ("temp_file_limit = 0", "OperationalError"),
        ("transaction_read_only = on", "DatabaseReadOnly"),
    ],
)
def test_readyz_is_503_when_the_database_answers_and_can_store_nothing(
    setting: str, error: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {setting}")

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["database"] == {"ok": False, "error": error}


@pytest.mark.usefixtures("db")
def test_readyz_asks_registered_checks_and_survives_one_that_breaks(
    checks: dict[str, panels.ReadinessCheck],
) -> None:
    def broken() -> dict[str, Any]:
        raise LookupError("made up")

    panels.add_readiness_check(panels.ReadinessCheck(name="sweeps", check=lambda: {"age": 7}))
    panels.add_readiness_check(panels.ReadinessCheck(name="broken", check=broken))

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["sweeps"] == {"ok": True, "age": 7}
    assert response.json()["checks"]["broken"] == {"ok": False, "error": "LookupError"}
