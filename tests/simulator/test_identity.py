"""The simulator's pages of consent, and what a consent gives, as an app and a person meet them."""

from typing import Any

import pytest
import requests
from joserfc import jwk, jwt

from tests.support import consent_pages, consent_walk, simulator_client, simulator_process
from xero_simulator.identity_api import authorize_request


@pytest.fixture(autouse=True)
def _fresh(simulator_url: str) -> None:
    simulator_client.post(simulator_url, "reset")


@pytest.fixture
def person(simulator_url: str) -> consent_walk.Person:
    """Someone with three organisations."""
    return consent_walk.person_with(simulator_url, 3)


def _claims(url: str, text: str) -> dict[str, Any]:
    published = requests.get(
        requests.get(
            f"{url}/.well-known/openid-configuration", timeout=simulator_process.TIMEOUT
        ).json()["jwks_uri"],
        timeout=simulator_process.TIMEOUT,
    ).json()
    return dict(jwt.decode(text, jwk.KeySet.import_key_set(published), algorithms=["RS256"]).claims)


def test_discovery_names_the_endpoints_under_its_issuer(simulator_url: str) -> None:
    found = requests.get(
        f"{simulator_url}/.well-known/openid-configuration", timeout=simulator_process.TIMEOUT
    ).json()

    assert found["issuer"] == simulator_url
    assert found["token_endpoint"] == f"{simulator_url}/connect/token"
    assert found["authorization_endpoint"] == f"{simulator_url}/identity/connect/authorize"


def test_tokens_are_signed_and_name_user_and_event_when_code_is_exchanged(
    simulator_url: str, person: consent_walk.Person
) -> None:
    told = consent_walk.consent(simulator_url, person, nonce="nonce-9")
    tokens = consent_walk.exchange(simulator_url, told["code"]).json()

    access = _claims(simulator_url, tokens["access_token"])
    identity = _claims(simulator_url, tokens["id_token"])
    connection = consent_walk.connections(simulator_url, tokens["access_token"]).json()[0]
    assert told["state"] == "state-7"
    assert (tokens["expires_in"], tokens["token_type"]) == (1800, "Bearer")
    assert tokens["scope"].split() == consent_walk.SCOPES.split()
    assert access["scope"] == consent_walk.SCOPES.split()
    assert access["exp"] - access["nbf"] == 1800
    assert access["xero_userid"] == person.user_id
    assert access["authentication_event_id"] == connection["authEventId"]
    assert identity["exp"] - identity["nbf"] == 300
    assert (identity["aud"], identity["nonce"]) == ("demo-client-id", "nonce-9")
    assert identity["email"] == person.email
    assert identity["given_name"]
    assert "authentication_event_id" not in identity


def test_id_token_keeps_name_and_address_back_when_only_openid_is_asked(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person, tenants=[], scope="openid")

    identity = _claims(simulator_url, tokens["id_token"])
    assert not {"email", "given_name", "family_name"} & set(identity)
    assert "refresh_token" not in tokens
    assert consent_walk.connections(simulator_url, tokens["access_token"]).json() == []


def test_consent_comes_back_as_access_denied_when_cancelled(
    simulator_url: str, person: consent_walk.Person
) -> None:
    told = consent_walk.consent(simulator_url, person, decision="cancel")

    assert told == {"error": "access_denied", "state": "state-7"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "someone-else"}, "unauthorized_client"),
        ({"redirect_uri": "http://127.0.0.1:8000/callback"}, "invalid_request"),
        ({"redirect_uri": "http://lrm.example.com/callback"}, "invalid_request"),
        ({"redirect_uri": "-"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "-"}, "invalid_scope"),
        ({"scope": "openid accounting.transactions"}, "invalid_scope"),
        ({"scope": "openid accounting.reports.read"}, "invalid_scope"),
        ({"scope": "openid accounting.everything"}, "invalid_scope"),
        ({"code_challenge": "abc", "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_error_page_is_shown_and_nobody_redirected_when_request_is_wrong(
    simulator_url: str, changes: dict[str, str], error: str
) -> None:
    answer = consent_walk.ask(simulator_url, **changes)

    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert f"<code>{error}</code>" in answer.text


def test_pages_refuse_to_be_framed(simulator_url: str, person: consent_walk.Person) -> None:
    pages = [consent_walk.ask(simulator_url), consent_walk.sign_in(simulator_url, person)[1]]

    assert [page.headers["X-Frame-Options"] for page in pages] == ["DENY", "DENY"]


@pytest.mark.parametrize(
    ("address", "registered", "is_allowed"),
    [
        ("https://lrm.example.com/cb", (), True),
        ("http://localhost/cb", (), True),
        ("https://127.0.0.1/cb", (), False),
        ("https://lrm.example.com/cb#part", (), False),
        ("ftp://localhost/cb", (), False),
        ("https://lrm.example.com/cb", ("https://lrm.example.com/cb",), True),
        ("https://lrm.example.com/cb/", ("https://lrm.example.com/cb",), False),
        ("https://lrm.example.com/cb?x=1", ("https://lrm.example.com/cb",), False),
    ],
)
def test_redirect_address_must_be_registered_letter_for_letter(
    address: str, registered: tuple[str, ...], *, is_allowed: bool
) -> None:
    assert authorize_request.is_redirect_allowed(address, registered) is is_allowed


def test_one_organisation_is_chosen_unless_bulk_is_asked(
    simulator_url: str, person: consent_walk.Person
) -> None:
    flow, page = consent_walk.sign_in(simulator_url, person)
    refused = consent_pages.decide(simulator_url, flow, tenants=person.tenant_ids, decision="allow")
    none = consent_pages.decide(simulator_url, flow, tenants=[], decision="allow")
    tokens = consent_walk.connect(
        simulator_url, person, tenants=person.tenant_ids, acr_values="bulk_connect:true"
    )

    listed = consent_walk.connections(simulator_url, tokens["access_token"]).json()
    assert 'type="radio"' in page.text
    assert (refused.status_code, none.status_code) == (400, 400)
    assert "Choose one organisation." in refused.text
    assert [each["tenantId"] for each in listed] == person.tenant_ids
    assert len({each["authEventId"] for each in listed}) == 1


def test_organisation_of_others_cannot_be_chosen(
    simulator_url: str, person: consent_walk.Person
) -> None:
    nobody = consent_walk.person_with(simulator_url, 0)
    flow, _ = consent_walk.sign_in(simulator_url, nobody)

    answer = consent_pages.decide(
        simulator_url, flow, tenants=person.tenant_ids[:1], decision="allow"
    )

    assert answer.status_code == 400


def test_consent_gives_no_connection_when_user_has_no_organisation(simulator_url: str) -> None:
    nobody = consent_walk.person_with(simulator_url, 0)

    tokens = consent_walk.connect(simulator_url, nobody)

    assert consent_walk.connections(simulator_url, tokens["access_token"]).json() == []


def test_scopes_add_up_over_consents(simulator_url: str, person: consent_walk.Person) -> None:
    first = "openid offline_access accounting.invoices.read"
    consent_walk.connect(simulator_url, person, scope=first)

    _, page = consent_walk.sign_in(simulator_url, person, scope="accounting.contacts")
    tokens = consent_walk.connect(simulator_url, person, scope="accounting.contacts")

    assert tokens["scope"] == f"{first} accounting.contacts"
    assert "It already may" in page.text
