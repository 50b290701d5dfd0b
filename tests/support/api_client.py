"""A program that asks the API: with the token of a person, as programs do."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from lrm.models import User
from lrm.rest import tokens

BASE = "/api/v1/"
_numbers = itertools.count(1)


def make_token(user: User, *, may_act: bool = True, **fields: Any) -> str:
    """Make a token of a person and return its secret; its name is unique where none is given."""
    now = timezone.now()
    given = {"name": f"A test {next(_numbers)}", "expires_at": None, "now": now, **fields}
    return tokens.make(user=user, may_act=may_act, **given)[1]


@dataclass
class Program:
    """A program with a token."""

    secret: str

    def get(self, path: str, **headers: str) -> Any:
        """Ask at an address below `BASE`, or at a whole one."""
        return Client().get(_address(path), headers=self._headers(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Send JSON."""
        return Client().post(
            _address(path),
            json.dumps(body or {}),
            content_type="application/json",
            headers=self._headers(headers),
        )

    def read_to_the_end(self, path: str) -> list[dict[str, Any]]:
        """Return the items of all pages of a list."""
        found: list[dict[str, Any]] = []
        following: str | None = path
        while following:
            answer = self.get(following).json()
            found += answer["results"]
            following = answer["next"]
        return found

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.secret}", **named}


def program_of(user: User, **fields: Any) -> Program:
    """Return a program that acts for a person."""
    return Program(make_token(user, **fields))


def results(answer: Any) -> list[dict[str, Any]]:
    """Return the items of one page of a list."""
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def _address(path: str) -> str:
    path = path.removeprefix("http://testserver")
    return path if path.startswith("/") else f"{BASE}{path}"
