"""`/connections`, with a user's consents, disconnections and practices."""

import re

import pytest
import requests

from tests.support import consent_walk, simulator_client, simulator_process

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}")


@pytest.fixture(autouse=True)
def _fresh(simulator_url: str) -> None:
    simulator_client.post(simulator_url, "reset")


@pytest.fixture
def person(simulator_url: str) -> consent_walk.Person:
    """Someone with three organisations."""
    return consent_walk.person_with(simulator_url, 3)


def _delete(url: str, connection_id: str, access_token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {access_token}"}
    return requests.delete(
        f"{url}/connections/{connection_id}", headers=headers, timeout=simulator_process.TIMEOUT
    )


def test_connection_has_xeros_fields_and_stamps(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)

    (connection,) = consent_walk.connections(simulator_url, tokens["access_token"]).json()

    assert list(connection) == [
        "id",
        "authEventId",
        "tenantId",
        "tenantType",
        "tenantName",
        "createdDateUtc",
        "updatedDateUtc",
    ]
    assert connection["tenantId"] == person.tenant_ids[0]
    assert connection["tenantType"] == "ORGANISATION"
    assert STAMP.fullmatch(connection["createdDateUtc"])
    assert connection["createdDateUtc"] == connection["updatedDateUtc"]


def test_path_is_served_in_either_letter_case(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    answers = [
        requests.get(
            f"{simulator_url}/{path}", headers=headers, timeout=simulator_process.TIMEOUT
        ).json()
        for path in ("connections", "Connections")
    ]

    assert answers[0] == answers[1]
    assert len(answers[0]) == 1


def test_earlier_consents_are_listed_and_filtered_out_by_event(
    simulator_url: str, person: consent_walk.Person
) -> None:
    first, second, _ = person.tenant_ids
    consent_walk.connect(simulator_url, person, tenants=[first])
    tokens = consent_walk.connect(simulator_url, person, tenants=[second])

    listed = consent_walk.connections(simulator_url, tokens["access_token"]).json()
    event = next(each["authEventId"] for each in listed if each["tenantId"] == second)
    filtered = consent_walk.connections(
        simulator_url, tokens["access_token"], authEventId=event
    ).json()

    assert [each["tenantId"] for each in listed] == [first, second]
    assert [each["tenantId"] for each in filtered] == [second]


def test_connection_is_deleted_once(simulator_url: str, person: consent_walk.Person) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    (connection,) = consent_walk.connections(simulator_url, tokens["access_token"]).json()

    deleted = _delete(simulator_url, connection["id"], tokens["access_token"])
    again = _delete(simulator_url, connection["id"], tokens["access_token"])

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert again.status_code == 404
    assert again.headers["Content-Type"].startswith("text/html")
    assert consent_walk.connections(simulator_url, tokens["access_token"]).json() == []


def test_deletion_is_refused_by_tenant_id_and_for_another_user(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    stranger = consent_walk.connect(simulator_url, consent_walk.person_with(simulator_url, 1))
    (connection,) = consent_walk.connections(simulator_url, tokens["access_token"]).json()

    by_tenant = _delete(simulator_url, connection["tenantId"], tokens["access_token"])
    by_stranger = _delete(simulator_url, connection["id"], stranger["access_token"])

    assert (by_tenant.status_code, by_stranger.status_code) == (404, 404)
    assert len(consent_walk.connections(simulator_url, tokens["access_token"]).json()) == 1


def test_connection_keeps_id_and_day_when_made_again(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    (before,) = consent_walk.connections(simulator_url, tokens["access_token"]).json()
    _delete(simulator_url, before["id"], tokens["access_token"])
    consent_walk.advance(simulator_url, minutes=1)

    again = consent_walk.connect(simulator_url, person)

    (after,) = consent_walk.connections(simulator_url, again["access_token"]).json()
    assert after["id"] == before["id"]
    assert after["createdDateUtc"] == before["createdDateUtc"]
    assert after["updatedDateUtc"] > before["updatedDateUtc"]
    assert after["authEventId"] != before["authEventId"]


def test_tokens_go_on_refreshing_when_app_is_removed_inside_xero(
    simulator_url: str, person: consent_walk.Person
) -> None:
    tokens = consent_walk.connect(simulator_url, person)

    ended = simulator_client.post(
        simulator_url, "disconnect", tenant=person.tenant_ids[0], user=person.email
    )

    fresh = consent_walk.refresh(simulator_url, tokens["refresh_token"])
    assert ended == {"disconnected": 1}
    assert fresh.status_code == 200
    assert consent_walk.connections(simulator_url, fresh.json()["access_token"]).json() == []


def test_practice_is_listed_when_user_has_one(
    simulator_url: str, person: consent_walk.Person
) -> None:
    simulator_client.post(simulator_url, "users", user=person.user_id, practice=True)

    tokens = consent_walk.connect(simulator_url, person)

    listed = consent_walk.connections(simulator_url, tokens["access_token"]).json()
    assert [each["tenantType"] for each in listed] == ["ORGANISATION", "PRACTICE"]
    assert listed[0]["authEventId"] == listed[1]["authEventId"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer garbage"}])
def test_call_is_refused_without_a_good_bearer(simulator_url: str, headers: dict[str, str]) -> None:
    answer = requests.get(
        f"{simulator_url}/connections", headers=headers, timeout=simulator_process.TIMEOUT
    )

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer error=invalid_token"
    assert answer.json() == {
        "Type": None,
        "Title": "Unauthorized",
        "Status": 401,
        "Detail": "AuthenticationUnsuccessful",
        "Instance": answer.headers["Xero-Correlation-Id"],
        "Extensions": {},
    }


@pytest.mark.parametrize(
    ("named", "status"),
    [("token_expired", 401), ("forbidden", 403), ("appminute", 429), ("maintenance", 503)],
)
def test_scripted_fault_is_answered_once(
    simulator_url: str, person: consent_walk.Person, named: str, status: int
) -> None:
    tokens = consent_walk.connect(simulator_url, person)
    simulator_client.post(
        simulator_url, "faults", match={"path": "(?i)^/connections"}, answer={"named": named}
    )

    answers = [consent_walk.connections(simulator_url, tokens["access_token"]) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, 200]
