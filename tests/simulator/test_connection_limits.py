"""Connections beyond what a tier allows, tenants of other kinds, and a Demo Company's new life."""

import pytest
import requests

from tests.support import consent_pages, consent_walk, simulator_client, simulator_process
from xero_simulator import __main__ as command


def test_consent_is_refused_on_xeros_own_page_beyond_the_tier(simulator: str) -> None:
    person = consent_walk.person_with(simulator, 3)
    simulator_client.post(simulator, "habits", most_connections=1)
    first, second, _ = person.tenant_ids
    consent_walk.connect(simulator, person, tenants=[first])

    flow, _ = consent_walk.sign_in(simulator, person)
    refused = consent_pages.decide(simulator, flow, tenants=[second], decision="allow")
    again = consent_pages.decide(simulator, flow, tenants=[first], decision="allow")

    assert (refused.status_code, again.status_code) == (400, 302)
    assert "reached the number of connections" in refused.text
    simulator_client.post(simulator, "reset")


@pytest.mark.parametrize(
    ("tier", "connections", "day"),
    [("starter", 5, 1000), ("core", 50, 5000), ("advanced", 10_000, 5000), ("enterprise", 0, 5000)],
)
def test_tier_decides_connections_and_calls_of_a_day(tier: str, connections: int, day: int) -> None:
    options = command.parse(["--port", "0", "--tier", tier])

    assert (options.habits.most_connections, options.day_limit) == (connections, day)


def test_user_may_have_a_tenant_of_another_kind(simulator: str) -> None:
    person = consent_walk.person_with(simulator, 1)
    simulator_client.post(
        simulator, "users", user=person.user_id, practice=True, tenant_type="APPLICATION"
    )
    tokens = consent_walk.connect(simulator, person)

    listed = consent_walk.connections(simulator, tokens["access_token"]).json()

    assert [one["tenantType"] for one in listed] == ["ORGANISATION", "APPLICATION"]


def test_demo_company_is_another_organisation_when_it_began_anew(simulator: str) -> None:
    at = next(
        at
        for at, one in enumerate(simulator_client.get(simulator, "organisations"))
        if one["name"].startswith("Demo Company")
    )
    person = simulator_process.connect(simulator, organisation=at)

    simulator_client.post(simulator, f"organisations/{person.tenant_id}", begins_anew=True)

    now = simulator_client.get(simulator, "organisations")[at]
    assert now["name"].startswith("Demo Company")
    assert now["tenant_id"] != person.tenant_id
    assert person.get("Organisation").status_code == 403
    headers = {"xero-tenant-id": now["tenant_id"]}
    assert person.get("Organisation", headers=headers).status_code == 403
    again = simulator_process.connect(simulator, organisation=at)
    assert again.get("Organisation").json()["Organisations"][0]["IsDemoCompany"] is True
    simulator_client.post(simulator, "reset")
    back = simulator_client.get(simulator, "organisations")[at]
    assert back["tenant_id"] == person.tenant_id


def test_real_organisation_does_not_begin_anew(simulator: str) -> None:
    tenant = simulator_client.get(simulator, "organisations")[0]["tenant_id"]

    answer = requests.post(
        f"{simulator}/simulator/organisations/{tenant}",
        json={"begins_anew": True},
        timeout=simulator_process.TIMEOUT,
    )

    assert answer.status_code == 400
