"""Settings: production refuses to guess; every setting is written down."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.deployment_files import (
    PRODUCTION,
    SYSTEM,
    names_in_example,
    names_read_by_settings,
)

REQUIRED = sorted(set(PRODUCTION) - {"DEBUG"})


def start(settings: dict[str, str], place: Path) -> subprocess.CompletedProcess[str]:
    """Start the product with these settings alone, away from any .env file's LOCAL_DIR."""
    return subprocess.run(
        [sys.executable, "manage.py", "diffsettings", "--output", "unified"],
        cwd=processes.ROOT,
        env={**SYSTEM, "LOCAL_DIR": str(place), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(autouse=True)
def _no_own_settings() -> None:
    if (processes.ROOT / ".env").exists():
        pytest.skip("This checkout has a .env of its own, which would fill the gaps.")


def test_production_starts_when_nothing_is_missing(tmp_path: Path) -> None:
    started = start(PRODUCTION, tmp_path)

    assert started.returncode == 0, started.stderr


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_production_refuses_and_names_the_setting_when_it_is(
    name: str, value: str | None, tmp_path: Path
) -> None:
    settings = {key: one for key, one in PRODUCTION.items() if key != name}
    if value is not None:
        settings[name] = value

    refused = start(settings, tmp_path)

    assert refused.returncode != 0
    assert f"{name} is not set" in refused.stderr
    assert "DEBUG=True" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_production_refuses_to_forget_events_that_counts_are_made_of(tmp_path: Path) -> None:
    refused = start({**PRODUCTION, "WEBHOOK_DAYS": "5"}, tmp_path)

    assert refused.returncode != 0
    assert "WEBHOOK_DAYS must be 31 or more" in refused.stderr


def test_production_starts_no_local_service_when_an_address_is_missing(tmp_path: Path) -> None:
    settings = {key: one for key, one in PRODUCTION.items() if key != "REDIS_URL"}

    start(settings, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_settings_of_a_demo_count_only_while_it_lives(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("XERO_DAY_LIMIT=7\n")
    (tmp_path / "demo.lock").touch()
    hold = "import fcntl, sys; lock = open(sys.argv[1]); fcntl.flock(lock, fcntl.LOCK_EX); "
    wait = "print('held', flush=True); sys.stdin.read()"

    left_behind = start(PRODUCTION, tmp_path)
    with processes.start_python(hold + wait, str(tmp_path / "demo.lock")) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline() == "held\n"
        alive = start(PRODUCTION, tmp_path)
        demo.kill()

    assert "XERO_DAY_LIMIT = 7" not in left_behind.stdout
    assert "XERO_DAY_LIMIT = 7" in alive.stdout


def test_example_names_every_setting_that_is_read() -> None:
    assert names_in_example() == names_read_by_settings()


def test_readme_names_every_setting_that_is_read() -> None:
    readme = processes.ROOT / "README.md"
    rows = re.findall(r"^\| `([A-Z_]+)`", readme.read_text() if readme.exists() else "", re.M)
    if "SECRET_KEY" not in rows:
        pytest.skip("README.md has no table of settings.")

    assert set(rows) >= names_read_by_settings()
