"""Secrets from files: what each error says, and that production starts with nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from lrm import secret_files
from tests.support import processes
from tests.support.deployment_files import PRODUCTION, SYSTEM

READ = """
import django
from django.conf import settings
django.setup()
print(settings.SECRET_KEY, settings.DATABASES["default"]["PASSWORD"], settings.REDIS_URL)
"""


def written(place: Path, name: str, text: str) -> str:
    """Write a secret and return where."""
    path = place / name.lower()
    path.write_text(text)
    return str(path)


def test_secret_comes_from_its_file_without_the_end_of_the_line(tmp_path: Path) -> None:
    environment = {"SECRET_KEY_FILE": written(tmp_path, "a", "made up\n"), "SECRET_KEY": ""}

    assert secret_files.filled_in(environment)["SECRET_KEY"] == "made up"
    # What we start is told the path, as we were.
    assert environment["SECRET_KEY"] == ""


def test_empty_path_means_that_there_is_no_file() -> None:
    assert secret_files.filled_in({"SECRET_KEY_FILE": "", "SECRET_KEY": "b"})["SECRET_KEY"] == "b"


@pytest.mark.parametrize("name", secret_files.NAMES)
def test_every_secret_is_refused_when_it_is_given_twice(name: str, tmp_path: Path) -> None:
    environment = {name: "made-up-one", f"{name}_FILE": written(tmp_path, "a", "made-up-two")}

    with pytest.raises(ImproperlyConfigured, match=f"{name} and {name}_FILE are both set") as told:
        secret_files.filled_in(environment)

    assert "made-up" not in str(told.value)


def test_error_names_the_path_when_a_file_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"names /.+/gone, which cannot be read: No such"
    ):
        secret_files.filled_in({"SECRET_KEY_FILE": str(tmp_path / "gone")})


def test_error_names_the_path_when_a_file_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\xff\xfe\xff")

    with pytest.raises(ImproperlyConfigured, match="it is no text"):
        secret_files.filled_in({"SECRET_KEY_FILE": str(tmp_path / "odd")})


def test_error_names_the_path_when_a_file_is_empty(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"names /.+/a, which is empty"):
        secret_files.filled_in({"SECRET_KEY_FILE": written(tmp_path, "a", " \n")})


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("postgresql://lrm@db:5432/lrm", "postgresql://lrm:a%3A%2F%40b@db:5432/lrm"),
        ("redis://redis:6379/0", "redis://:a%3A%2F%40b@redis:6379/0"),
        ("postgresql://lrm@/lrm?host=/run", "postgresql://lrm:a%3A%2F%40b@/lrm?host=/run"),
    ],
)
def test_password_goes_into_an_address_whatever_is_in_it(address: str, whole: str) -> None:
    assert secret_files.with_password(address, name="X", password="a:/@b") == whole


def test_address_stays_as_it_is_when_there_is_no_password() -> None:
    assert secret_files.with_password("redis://a:b@c/0", name="X", password="") == "redis://a:b@c/0"


def test_password_is_refused_when_the_address_has_one() -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL holds a password") as told:
        secret_files.with_password("redis://:made-up@c/0", name="REDIS", password="other")

    assert "made-up" not in str(told.value)


def test_production_starts_with_all_its_secrets_in_files(tmp_path: Path) -> None:
    given = {name: text for name, text in PRODUCTION.items() if name not in secret_files.NAMES}
    secrets = {name: text for name, text in PRODUCTION.items() if name in secret_files.NAMES}
    secrets |= {"DATABASE_PASSWORD": "one/two", "REDIS_PASSWORD": "three@four"}
    files = {f"{name}_FILE": written(tmp_path, name, text) for name, text in secrets.items()}

    told = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=processes.ROOT,
        env={
            **SYSTEM,
            **given,
            **files,
            "DJANGO_SETTINGS_MODULE": "lrm.settings",
            "LOCAL_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == [
        PRODUCTION["SECRET_KEY"],
        "one/two",
        "redis://:three%40four@127.0.0.1:9/0",
    ]
