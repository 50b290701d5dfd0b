"""What the rehearsal reads from the compose file: it must be what compose would make of it."""

import re

import pytest

from scripts.rehearsal import compose_file
from scripts.rehearsal.compose_file import ComposeFile, NotSet
from tests.support import processes
from tests.support.deployment_files import SERVICES, copied_folders

VALUES = {
    "ALLOWED_HOSTS": "lrm.example.com",
    "PUBLIC_URL": "https://lrm.example.com",
    "XERO_CLIENT_ID": "made-up",
}


def test_every_service_of_the_compose_file_is_read_with_its_values() -> None:
    compose = ComposeFile(processes.ROOT, VALUES | {"XERO_DAY_LIMIT": "1000", "LOG_LEVEL": ""})

    read = {
        name: (compose.command(name), compose.environment(name), compose.health_check(name))
        for name in ("web", "worker", "worker-bulk", "worker-hooks", "beat", "db", "redis")
    }

    web_command, web, web_check = read["web"]
    assert web_command[:2] == ["gunicorn", "lrm.wsgi"]
    assert web["PUBLIC_URL"] == "https://lrm.example.com"
    # Given, empty, and with a default that holds spaces.
    assert (web["XERO_DAY_LIMIT"], web["LOG_LEVEL"]) == ("1000", "INFO")
    assert web["XERO_SCOPES"].startswith("openid profile ")
    assert web["SECRET_KEY_FILE"] == "/run/secrets/secret_key"
    assert web_check[:2] == ["python", "-c"]
    # Compose writes a dollar for two of them, and a shell reads it.
    assert read["redis"][0][-1].count('"$(cat /run/secrets/redis_password)"') == 1
    assert read["worker"][2][:2] == ["sh", "-c"]
    assert "worker@$HOSTNAME" in read["worker"][2][2]
    assert not re.search(r"\$\{|\$\$", str(read))


def test_value_that_compose_demands_is_named_when_nobody_gives_it() -> None:
    compose = ComposeFile(processes.ROOT, VALUES | {"XERO_CLIENT_ID": ""})

    with pytest.raises(NotSet, match="set XERO_CLIENT_ID from your app"):
        compose.environment("web")


def test_folders_are_those_of_the_production_image() -> None:
    compose = ComposeFile(processes.ROOT, VALUES)

    expected = [(name, {one.removeprefix("**/") for one in out}) for name, out in copied_folders()]
    assert compose.image_folders() == expected
    assert {"lrm", "templates"} <= {name for name, _ in expected}


def test_services_that_are_started_are_all_that_compose_keeps_running() -> None:
    # One ends by itself, and one runs where somebody asks for it alone.
    assert {*compose_file.SERVICES, "migrate", "simulator"} == set(SERVICES)


def test_buttons_that_are_pressed_are_on_pages() -> None:
    """A button that was named anew stopped the walk, which no other test takes."""
    sources = (processes.ROOT / "scripts" / "rehearsal").glob("*.py")
    pressed = {
        found
        for one in sources
        for found in re.findall(r'_press\(walk, "(.+?)"\)', one.read_text())
    }
    pages = "".join(one.read_text() for one in (processes.ROOT / "templates").rglob("*.html"))
    buttons = re.findall(r"<button[^>]*>(.*?)</button>", pages, re.DOTALL)
    # What an app is connected by is named beside its state.
    said = [*buttons, (processes.ROOT / "connected_apps" / "card" / "card.py").read_text()]

    assert len(pressed) > 5
    assert [one for one in pressed if not any(one in each for each in said)] == []
