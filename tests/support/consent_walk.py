"""How a person and an app get through the simulator's consent, with nothing but HTTP."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.support import consent_pages, own_calls, simulator_client, waiting

CLIENT = {"client_id": "demo-client-id", "client_secret": "demo-client-secret"}
BASIC = (CLIENT["client_id"], CLIENT["client_secret"])
REDIRECT_URI = "http://localhost:8000/settings/connected-apps/xero/callback/"
SCOPES = (
    "openid profile email offline_access accounting.invoices.read "
    "accounting.payments.read accounting.contacts accounting.settings.read"
)


@dataclass(frozen=True)
class Person:
    """Someone with a login: who they are and what they may choose from."""

    user_id: str
    email: str
    tenant_ids: list[str]


def person_with(url: str, organisations: int) -> Person:
    """Return the person who has so many organisations."""
    for user in simulator_client.get(url, "users"):
        if len(user["tenant_ids"]) == organisations:
            return Person(user["user_id"], user["email"], user["tenant_ids"])
    raise LookupError(f"nobody has {organisations} organisations")


def ask(url: str, **changes: str) -> requests.Response:
    """Open the authorize page; a parameter set to `-` is left out."""
    asked = {
        "response_type": "code",
        "client_id": CLIENT["client_id"],
        "redirect_uri": REDIRECT_URI,
        "scope": SCOPES,
        "state": "state-7",
    } | changes
    return requests.get(
        f"{url}/identity/connect/authorize",
        params={name: value for name, value in asked.items() if value != "-"},
        headers=own_calls.HEADERS,
        allow_redirects=False,
        timeout=waiting.TIMEOUT,
    )


def sign_in(url: str, person: Person, **changes: str) -> tuple[str, requests.Response]:
    """Open the authorize page, sign in, and return the flow's id and the page of consent."""
    return consent_pages.sign_in(ask(url, **changes), user_id=person.user_id)


def consent(
    url: str,
    person: Person,
    *,
    tenants: list[str] | None = None,
    decision: str = "allow",
    **changes: str,
) -> dict[str, str]:
    """Go through both pages and return what the app is told on its redirect address."""
    flow, _ = sign_in(url, person, **changes)
    chosen = person.tenant_ids[:1] if tenants is None else tenants
    answer = consent_pages.decide(url, flow, tenants=chosen, decision=decision)
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def token(url: str, **form: str) -> requests.Response:
    """Call the token endpoint with the app's credentials in the form."""
    return requests.post(
        f"{url}/connect/token",
        data=CLIENT | form,
        headers=own_calls.HEADERS,
        timeout=waiting.TIMEOUT,
    )


def exchange(url: str, code: str, **changes: str) -> requests.Response:
    """Exchange a code."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI}
    return token(url, **(form | changes))


def refresh(url: str, refresh_token: str) -> requests.Response:
    """Exchange a refresh token."""
    return token(url, grant_type="refresh_token", refresh_token=refresh_token)


def connect(
    url: str, person: Person, *, tenants: list[str] | None = None, **changes: str
) -> dict[str, Any]:
    """Consent and exchange: the whole way to a set of tokens."""
    told = consent(url, person, tenants=tenants, **changes)
    answer = exchange(url, told["code"])
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


def connections(url: str, access_token: str, **query: str) -> requests.Response:
    """Ask for the connections."""
    headers = {"Authorization": f"Bearer {access_token}", **own_calls.HEADERS}
    return requests.get(
        f"{url}/connections", headers=headers, params=query, timeout=waiting.TIMEOUT
    )


def advance(url: str, **time: float) -> None:
    """Let the simulator's clock jump by minutes or days."""
    seconds = time.get("seconds", 0) + time.get("minutes", 0) * 60 + time.get("days", 0) * 86_400
    simulator_client.post(url, "clock", advance_seconds=seconds)
