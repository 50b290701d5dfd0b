"""Codes and tokens of the simulator's identity service, from their exchange to their end."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session

from tests.support import consent_walk, simulator_client, simulator_process

VERIFIER = "a-verifier-of-more-than-forty-three-letters-0123456789"


@pytest.fixture(autouse=True)
def _fresh(simulator_url: str) -> None:
    simulator_client.post(simulator_url, "reset")


@pytest.fixture
def person(simulator_url: str) -> consent_walk.Person:
    """Someone with three organisations."""
    return consent_walk.person_with(simulator_url, 3)


def _challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_code_is_refused_when_used_twice(simulator_url: str, person: consent_walk.Person) -> None:
    code = consent_walk.consent(simulator_url, person)["code"]
    consent_walk.exchange(simulator_url, code)

    again = consent_walk.exchange(simulator_url, code)

    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})


def test_code_is_refused_when_older_than_five_minutes(
    simulator_url: str, person: consent_walk.Person
) -> None:
    code = consent_walk.consent(simulator_url, person)["code"]
    consent_walk.advance(simulator_url, minutes=5.1)

    assert consent_walk.exchange(simulator_url, code).json() == {"error": "invalid_grant"}


def test_code_is_refused_when_redirect_address_differs(
    simulator_url: str, person: consent_walk.Person
) -> None:
    code = consent_walk.consent(simulator_url, person)["code"]

    answer = consent_walk.exchange(
        simulator_url, code, redirect_uri="https://lrm.example.com/other"
    )

    assert answer.json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("verifier", "challenged", "status"),
    [
        (VERIFIER, VERIFIER, 200),
        (VERIFIER + "x", VERIFIER, 400),
        ("", VERIFIER, 400),
        ("x" * 43, "x" * 43, 200),
        ("x" * 42, "x" * 42, 400),
        ("x" * 129, "x" * 129, 400),
    ],
)
def test_code_verifier_must_fit_its_challenge_and_be_of_a_length_that_is_allowed(
    simulator_url: str, person: consent_walk.Person, verifier: str, challenged: str, status: int
) -> None:
    told = consent_walk.consent(
        simulator_url,
        person,
        code_challenge=_challenge_of(challenged),
        code_challenge_method="S256",
    )

    answer = consent_walk.exchange(simulator_url, told["code"], code_verifier=verifier)

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "unknown"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": "refresh_token", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "refresh_token", "client_id": "wrong"}, "invalid_client"),
        ({"grant_type": "refresh_token", "client_id": ""}, "unauthorized_client"),
    ],
)
def test_token_error_is_named_and_nothing_more(
    simulator_url: str, form: dict[str, str], error: str
) -> None:
    answer = consent_walk.token(simulator_url, **form)

    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_credentials_are_taken_from_the_basic_header(
    simulator_url: str, person: consent_walk.Person
) -> None:
    told = consent_walk.consent(simulator_url, person)
    form = {
        "grant_type": "authorization_code",
        "code": told["code"],
        "redirect_uri": consent_walk.REDIRECT_URI,
    }
    address = f"{simulator_url}/connect/token"

    wrong = requests.post(
        address, data=form, auth=("demo-client-id", "wrong"), timeout=simulator_process.TIMEOUT
    )
    right = requests.post(
        address, data=form, auth=consent_walk.BASIC, timeout=simulator_process.TIMEOUT
    )

    assert wrong.json() == {"error": "invalid_client"}
    assert right.status_code == 200


def test_old_refresh_token_is_good_for_thirty_minutes_when_it_was_replaced(
    simulator_url: str, person: consent_walk.Person
) -> None:
    old = consent_walk.connect(simulator_url, person)["refresh_token"]
    newest = consent_walk.refresh(simulator_url, old).json()["refresh_token"]
    consent_walk.advance(simulator_url, minutes=29)
    inside = [consent_walk.refresh(simulator_url, old) for _ in range(2)]
    consent_walk.advance(simulator_url, minutes=2)

    after = consent_walk.refresh(simulator_url, old)

    assert [answer.status_code for answer in inside] == [200, 200]
    assert (after.status_code, after.json()) == (400, {"error": "invalid_grant"})
    assert consent_walk.refresh(simulator_url, newest).status_code == 200
    assert consent_walk.refresh(simulator_url, inside[0].json()["refresh_token"]).status_code == 200


@pytest.mark.parametrize(("days", "status"), [(59.9, 200), (60.1, 400)])
def test_refresh_token_ends_when_unused_for_sixty_days(
    simulator_url: str, person: consent_walk.Person, days: float, status: int
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    consent_walk.advance(simulator_url, days=days)

    assert consent_walk.refresh(simulator_url, tokens["refresh_token"]).status_code == status


def test_access_token_ends_after_thirty_minutes(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    consent_walk.advance(simulator_url, minutes=30)

    answer = consent_walk.connections(simulator_url, tokens["access_token"])

    assert answer.status_code == 401
    assert answer.json()["Detail"].startswith("TokenExpired: token expired at ")
    assert answer.json()["Title"] == "Unauthorized"


def test_revocation_ends_grant_and_connections(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)

    answer = requests.post(
        f"{simulator_url}/connect/revocation",
        data={"token": tokens["refresh_token"]},
        auth=consent_walk.BASIC,
        timeout=simulator_process.TIMEOUT,
    )

    assert (answer.status_code, answer.content) == (200, b"")
    assert consent_walk.refresh(simulator_url, tokens["refresh_token"]).json() == {
        "error": "invalid_grant"
    }
    assert consent_walk.connections(simulator_url, tokens["access_token"]).json() == []


def test_revocation_succeeds_when_token_is_unknown(simulator_url: str) -> None:
    answer = requests.post(
        f"{simulator_url}/connect/revocation",
        data=consent_walk.CLIENT | {"token": "unknown"},
        timeout=simulator_process.TIMEOUT,
    )

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("answer", "status"),
    [({"named": "minute"}, 429), ({"status": 500}, 500), ({"named": "unavailable"}, 503)],
)
def test_refresh_fails_once_and_costs_nothing_when_fault_is_scripted(
    simulator_url: str, person: consent_walk.Person, answer: dict[str, Any], status: int
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    simulator_client.post(simulator_url, "faults", match={"host": "identity"}, answer=answer)

    failed = consent_walk.refresh(simulator_url, tokens["refresh_token"])
    again = consent_walk.refresh(simulator_url, tokens["refresh_token"])

    assert (failed.status_code, again.status_code) == (status, 200)
    assert simulator_client.get(simulator_url, "tokens")["grants"][0]["refreshes"] == 1


def test_refresh_is_done_but_its_reply_lost_when_cut_after(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    simulator_client.post(
        simulator_url, "faults", match={"path": "^/connect/token$"}, answer={"cut": "after"}
    )

    with pytest.raises(requests.ConnectionError):
        consent_walk.refresh(simulator_url, tokens["refresh_token"])

    assert simulator_client.get(simulator_url, "tokens")["grants"][0]["refreshes"] == 1
    assert consent_walk.refresh(simulator_url, tokens["refresh_token"]).status_code == 200


def test_token_answer_is_no_json_when_it_is_corrupted(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    simulator_client.post(
        simulator_url, "faults", match={"host": "identity"}, answer={"named": "bad_json"}
    )

    answer = consent_walk.refresh(simulator_url, tokens["refresh_token"])

    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_grants_are_counted_without_showing_tokens(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    newer = consent_walk.refresh(simulator_url, tokens["refresh_token"]).json()

    shown = requests.get(f"{simulator_url}/simulator/tokens", timeout=simulator_process.TIMEOUT)

    (grant,) = shown.json()["grants"]
    assert (grant["user"], grant["refreshes"], grant["issued"]) == (person.user_id, 1, 2)
    assert (grant["alive"], grant["usable_refresh_tokens"]) == (True, 2)
    for text in (*tokens.values(), *newer.values()):
        if len(str(text)) > 30 and text != tokens["scope"]:
            assert str(text) not in shown.text


def test_authlib_connects_and_refreshes_with_pkce(
    simulator_url: str, person: consent_walk.Person
) -> None:
    with OAuth2Session(
        *consent_walk.BASIC,
        scope=consent_walk.SCOPES,
        redirect_uri=consent_walk.REDIRECT_URI,
        code_challenge_method="S256",
    ) as session:
        address, state = session.create_authorization_url(
            f"{simulator_url}/identity/connect/authorize", code_verifier=VERIFIER
        )
        asked = dict(parse_qsl(urlsplit(address).query))
        told = consent_walk.consent(simulator_url, person, **asked)
        first = session.fetch_token(
            f"{simulator_url}/connect/token", code=told["code"], code_verifier=VERIFIER
        )
        second = session.refresh_token(f"{simulator_url}/connect/token")

    assert told["state"] == state
    assert first["refresh_token"] != second["refresh_token"]
    assert consent_walk.connections(simulator_url, second["access_token"]).status_code == 200
