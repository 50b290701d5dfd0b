"""The simulator as a real process, and a person who consents in it.

Nothing here is the product's: whatever works through these helpers works for any Xero client.
"""

import contextlib
import datetime
import os
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import requests

from tests.support import consent_pages, own_calls, processes, simulator_client, waiting

ROOT = Path(__file__).parents[2]
REDIRECT = "http://localhost:8000/callback"
SCOPES = (
    "openid profile email offline_access accounting.invoices.read accounting.payments.read "
    "accounting.contacts accounting.settings.read"
)
TIMEOUT = waiting.TIMEOUT


@contextlib.contextmanager
def running(*arguments: str, complaints: IO[str] | None = None) -> Iterator[str]:
    """Run a simulator on a free port and give its address; `complaints` takes its stderr.

    It waits for a receiver of webhooks as long as we wait for anything: after Xero's five seconds
    a machine that stood still would see a POST repeated.
    """
    command = [sys.executable, "-m", "xero_simulator", "--port", "0"]
    command += ["--webhook-timeout", str(TIMEOUT), *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=processes.unmeasured(os.environ),
        stdout=subprocess.PIPE,
        stderr=complaints,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"xero_simulator ready at (http://localhost:\d+)\n", line)
            assert found, f"the simulator did not start: {line!r}"
            yield found[1]
        finally:
            process.terminate()
            process.wait(timeout=TIMEOUT)


class Person(NamedTuple):
    """Somebody who has consented: a bearer token for one organisation."""

    url: str
    tenant_id: str
    tokens: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of an accounting call."""
        return {
            "Authorization": f"Bearer {self.tokens['access_token']}",
            "xero-tenant-id": self.tenant_id,
            "Accept": "application/json",
            **own_calls.HEADERS,
        }

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """GET an accounting address and return the response."""
        return requests.get(
            f"{self.url}/api.xro/2.0/{path}",
            params=query,
            headers=self.headers | (headers or {}),
            timeout=TIMEOUT,
        )

    def send(self, method: str, path: str, body: Any, **options: Any) -> Any:
        """Send JSON to an accounting address and return the response."""
        headers = self.headers | options.pop("headers", {})
        address = f"{self.url}/api.xro/2.0/{path}"
        return requests.request(
            method, address, json=body, headers=headers, timeout=TIMEOUT, **options
        )


def control(url: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Call the simulator's control API: POST with a body, GET without."""
    if body is None:
        return simulator_client.get(url, path)
    return simulator_client.post(url, path, **body)


def wait_until_held(url: str, *, calls: int = 1) -> None:
    """Wait until the simulator holds so many calls for as long as its clock stands before them."""
    assert waiting.wait_until(
        lambda: bool(control(url, "clock")["sleepers"] == calls), seconds=TIMEOUT
    ), f"it never held {calls} calls"


def consent(url: str, *, user: str = "priya", organisation: int = 0, scope: str = SCOPES) -> str:
    """Go through the consent pages by plain form posts and return the authorization code."""
    query = urllib.parse.urlencode(
        {
            "response_type": "code",
            "client_id": "demo-client-id",
            "redirect_uri": REDIRECT,
            "scope": scope,
            "state": "a-state",
        }
    )
    person = next(each for each in control(url, "users") if each["email"].startswith(user))
    tenant = control(url, "organisations")[organisation]
    back = consent_pages.walk(
        f"{url}/identity/connect/authorize?{query}",
        user_id=person["user_id"],
        tenants=[tenant["tenant_id"]],
        headers=own_calls.HEADERS,
    )
    answer = urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)
    assert answer["state"] == ["a-state"]
    return answer["code"][0]


def exchange(url: str, code: str) -> dict[str, Any]:
    """Exchange an authorization code for tokens."""
    answer = requests.post(
        f"{url}/connect/token",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT},
        auth=("demo-client-id", "demo-client-secret"),
        headers=own_calls.HEADERS,
        timeout=TIMEOUT,
    )
    answer.raise_for_status()
    tokens: dict[str, Any] = answer.json()
    return tokens


def connect(url: str, *, organisation: int = 0, scope: str = SCOPES) -> Person:
    """Consent as a person with every organisation, and return who that is."""
    tokens = exchange(url, consent(url, organisation=organisation, scope=scope))
    tenant_id = control(url, "organisations")[organisation]["tenant_id"]
    return Person(url, tenant_id, tokens)


def moment(text: str) -> datetime.datetime:
    """Read an instant that the control API wrote."""
    return datetime.datetime.fromisoformat(text)
