"""The product with one more connected app, by the settings of `tests/second_app`.

It runs on a database of its own, as its table would be in the way of all other tests: the web
process by the image's own command, and commands of `manage.py`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import requests
from django.conf import settings

from lrm import settings as product_settings
from tests.support import database_template, processes, waiting, web_process
from tests.support.deployment_files import SYSTEM

FOLDER = processes.ROOT / "tests" / "second_app"
PASSWORD = "made-up-and-long"
PAGE = "/settings/connected-apps/"


@dataclass(frozen=True)
class SecondApp:
    """The product with its second app, not yet running."""

    database_url: str

    def environment(self, **changes: str) -> dict[str, str]:
        """Return what every process of it gets."""
        return {
            **SYSTEM,
            "PYTHONPATH": str(FOLDER),
            "DJANGO_SETTINGS_MODULE": "second_settings",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": settings.SECRET_KEY,
            "PUBLIC_URL": "http://127.0.0.1",
            "ALLOWED_HOSTS": "127.0.0.1",
            **changes,
        }

    def run(self, *command: str, **changes: str) -> str:
        """Run a command of manage.py to its end and return what it said.

        :raises subprocess.CalledProcessError: it failed.
        """
        return self.attempt(*command, check=True, **changes).stdout

    def attempt(
        self, *command: str, check: bool = False, **changes: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of manage.py that may fail."""
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=processes.ROOT,
            env=self.environment(**changes),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=check,
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Look into its database."""
        with closing(psycopg2.connect(self.database_url)) as there, there.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    @contextmanager
    def web(self, log: Path | None = None, **changes: str) -> Iterator[str]:
        """Run the web process and give its address."""
        with web_process.started(self.environment(**changes), log) as web:
            yield f"http://127.0.0.1:{web.port}"


class Person:
    """Somebody at a browser without scripts."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = requests.Session()

    def get(self, path: str) -> requests.Response:
        """Open a page."""
        return self._session.get(f"{self._address}{path}", timeout=waiting.TIMEOUT)

    def send(self, path: str, **fields: str) -> requests.Response:
        """Open a page, fill its form in and send it; return the page that follows."""
        self.get(path)
        token = self._session.cookies.get("csrftoken", "")
        return self._session.post(
            f"{self._address}{path}",
            {**fields, "csrfmiddlewaretoken": token},
            timeout=waiting.TIMEOUT,
        )


def sign_in(address: str, username: str) -> Person:
    """Return somebody who has signed in by the page for that."""
    person = Person(address)
    answer = person.send("/sign-in/", username=username, password=PASSWORD)
    assert "sign-in" not in urlsplit(answer.url).path, answer.text
    return person


def card_of(page: str, name: str) -> str:
    """Return the card of an app on the Connected Apps page."""
    start = rf'<article class="card[^>]*aria-labelledby="{name}-name"'
    found = re.search(rf"{start}.*?</article>", page, re.S)
    assert found is not None, page
    # The token of a form differs each time.
    return re.sub(r'value="\w{64}"', "", found[0])


@contextmanager
def installed() -> Iterator[SecondApp]:
    """Install the second app in a product of its own, and drop that at the end."""
    server = product_settings.service_url("DATABASE_URL")
    name = f"second_app_{os.getpid()}"
    with database_template.ready(server) as template, closing(psycopg2.connect(server)) as there:
        there.autocommit = True
        with there.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            try:
                second = SecondApp(urlunsplit(urlsplit(server)._replace(path=f"/{name}")))
                second.run("migrate")
                yield second
            finally:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
