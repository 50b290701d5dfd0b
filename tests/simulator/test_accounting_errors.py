"""What the accounting API answers when a call cannot be served."""

import datetime
from typing import Any

import pytest
import requests

from tests.support import simulator_process
from tests.support.simulator_process import Person


def fault(person: Person, **answer: Any) -> None:
    script = {"match": {"path": "Invoices"}, "times": 1, "answer": answer}
    simulator_process.control(person.url, "faults", script)


def without(person: Person, name: str) -> dict[str, str]:
    return {key: value for key, value in person.headers.items() if key != name}


def invoices(person: Person, headers: dict[str, str]) -> requests.Response:
    address = f"{person.url}/api.xro/2.0/Invoices"
    return requests.get(address, headers=headers, timeout=simulator_process.TIMEOUT)


def envelope(answer: requests.Response, title: str, detail: str) -> dict[str, Any]:
    return {
        "Type": None,
        "Title": title,
        "Status": answer.status_code,
        "Detail": detail,
        "Instance": answer.headers["Xero-Correlation-Id"],
        "Extensions": {},
    }


@pytest.mark.parametrize("bearer", ["", "Bearer rubbish", "Basic Zm9v"])
def test_call_is_unauthorised_without_a_good_bearer(person: Person, bearer: str) -> None:
    answer = invoices(person, person.headers | {"Authorization": bearer})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer error=invalid_token"
    assert answer.json() == envelope(answer, "Unauthorized", "AuthenticationUnsuccessful")


def test_call_is_unauthorised_when_token_has_expired(person: Person) -> None:
    simulator_process.control(person.url, "clock", {"advance_seconds": 1801})

    answer = invoices(person, person.headers)

    assert answer.status_code == 401
    detail = answer.json()["Detail"]
    assert detail.startswith("TokenExpired: token expired at ")
    assert datetime.datetime.strptime(detail[31:], "%m/%d/%Y %H:%M:%S").year >= 2026  # noqa: DTZ007
    assert answer.json() == envelope(answer, "Unauthorized", detail)


@pytest.mark.parametrize("tenant", [None, "", "no-such-tenant", "another"])
def test_call_is_forbidden_for_an_organisation_not_connected(
    person: Person, tenant: str | None
) -> None:
    if tenant == "another":
        tenant = simulator_process.control(person.url, "organisations")[1]["tenant_id"]
    headers = without(person, "xero-tenant-id")

    answer = invoices(person, headers if tenant is None else headers | {"xero-tenant-id": tenant})

    assert answer.status_code == 403
    assert answer.json() == envelope(answer, "Forbidden", "AuthenticationUnsuccessful")
    assert "X-AppMinLimit-Remaining" in answer.headers
    assert "X-MinLimit-Remaining" not in answer.headers


def test_call_is_forbidden_when_user_disconnected_in_xero(person: Person) -> None:
    simulator_process.control(person.url, "disconnect", {"tenant": person.tenant_id})

    assert person.get("Invoices").status_code == 403


@pytest.mark.parametrize(
    ("scope", "path", "method", "status"),
    [
        ("accounting.contacts.read", "Contacts", "GET", 200),
        ("accounting.contacts.read", "Contacts", "POST", 401),
        ("accounting.contacts.read", "Invoices", "GET", 401),
        ("accounting.invoices", "CreditNotes", "GET", 200),
        ("accounting.invoices.read", "Overpayments", "GET", 401),
        ("accounting.payments.read", "Prepayments", "GET", 200),
        ("accounting.payments.read", "Organisation", "GET", 401),
    ],
)
def test_scopes_are_granular(
    simulator: str, scope: str, path: str, method: str, status: int
) -> None:
    person = simulator_process.connect(simulator, scope=f"openid {scope}")

    answer = person.send(method, path, None if method == "GET" else {"Name": "Somebody"})

    assert answer.status_code == status
    assert (answer.headers.get("WWW-Authenticate") == "insufficent_scope") == (status == 401)


def test_unknown_addresses_are_answered_in_html(person: Person) -> None:
    for path in ("Invoices/INV-9999999", "Nothing", "Contacts/nobody", "Payments/none"):
        answer = person.get(path)

        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")
        assert answer.text == "The resource you're looking for cannot be found"
        assert len(answer.content) == 47


def test_methods_that_are_not_there_are_not_implemented(simulator: str) -> None:
    person = simulator_process.connect(
        simulator, scope="openid accounting.contacts accounting.settings"
    )

    assert person.send("POST", "Organisation", {}).status_code == 501
    assert person.send("DELETE", "Contacts", {}).status_code == 501


def test_organisation_offline_is_said_in_plain_text(person: Person) -> None:
    simulator_process.control(
        person.url, f"organisations/{person.tenant_id}", {"status": "offline"}
    )

    answer = person.get("Invoices")

    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text == "The Organisation is offline"


@pytest.mark.parametrize(
    ("named", "status", "body"),
    [
        ("token_expired", 401, None),
        ("unauthorised", 401, None),
        ("forbidden", 403, None),
        ("minute", 429, b""),
        ("day", 429, b""),
        ("concurrent", 429, b""),
        ("appminute", 429, b""),
        ("maintenance", 503, b"The Xero API is currently offline for maintenance"),
        ("unavailable", 503, b"The Xero API is temporarily unavailable"),
        ("offline", 503, b"The Organisation is offline"),
        ("empty_html_500", 500, b""),
    ],
)
def test_named_faults_answer_once(
    person: Person, named: str, status: int, body: bytes | None
) -> None:
    fault(person, named=named)

    answer, after = person.get("Invoices"), person.get("Invoices")

    assert (answer.status_code, after.status_code) == (status, 200)
    assert body is None or answer.content == body
    if status == 429:
        assert answer.headers["X-Rate-Limit-Problem"] == named
        assert ("Retry-After" in answer.headers) == (named in ("minute", "day"))


def test_answers_are_spoiled_as_scripted(person: Person) -> None:
    fault(person, named="unknown_enum")
    unknown = person.get("Invoices", page=1).json()["Invoices"]
    fault(person, named="nulls")
    nulls = person.get("Invoices", page=1).json()["Invoices"]
    fault(person, named="bad_json")
    with pytest.raises(requests.JSONDecodeError):
        person.get("Invoices", page=1).json()

    assert [each["Status"] == "TELEPORTED" for each in unknown[:2]] == [True, False]
    assert nulls[0]["DueDate"] is None
    assert nulls[1]["DueDate"] is not None


def statuses_under_random_faults(person: Person) -> list[int]:
    answers = [{"status": 500}, {"named": "maintenance"}]
    script = {"match": {"path": "Invoices"}, "times": -1, "chance": 0.4, "answer": answers}
    simulator_process.control(person.url, "faults", script)
    seen = [invoices(person, person.headers).status_code for _ in range(25)]
    requests.delete(f"{person.url}/simulator/faults", timeout=simulator_process.TIMEOUT)
    return seen


def test_random_faults_meet_a_share_of_the_calls_and_come_again_from_the_seed(
    person: Person,
) -> None:
    seen = statuses_under_random_faults(person)

    assert set(seen) == {200, 500, 503}
    assert 3 <= len(seen) - seen.count(200) <= 18
    assert statuses_under_random_faults(person) == seen


def test_fault_delays_and_answers_as_told(person: Person) -> None:
    fault(person, status=418, body="teapot", headers={"X-Odd": "yes"}, delay_seconds=0.2)

    answer = person.get("Invoices")

    assert (answer.status_code, answer.text) == (418, "teapot")
    assert answer.headers["X-Odd"] == "yes"
    assert answer.elapsed >= datetime.timedelta(seconds=0.2)


@pytest.mark.parametrize(("cut", "created"), [("before", 0), ("after", 1)])
def test_connection_is_cut_before_or_after_the_call_is_done(
    person: Person, cut: str, created: int
) -> None:
    script = {"match": {"path": "Contacts", "method": "POST"}, "answer": {"cut": cut}}
    simulator_process.control(person.url, "faults", script)

    with pytest.raises(requests.ConnectionError):
        person.send("POST", "Contacts", {"Name": "Lost Reply"})

    found = person.get("Contacts", where='Name=="Lost Reply"').json()["Contacts"]
    assert len(found) == created


def test_calls_are_logged(person: Person) -> None:
    requests.delete(f"{person.url}/simulator/calls", timeout=simulator_process.TIMEOUT)

    person.get("Invoices", page=2)
    person.get("Nothing")

    calls = simulator_process.control(person.url, "calls")
    assert [(c["method"], c["path"], c["query"], c["status"]) for c in calls] == [
        ("GET", "/api.xro/2.0/Invoices", "page=2", 200),
        ("GET", "/api.xro/2.0/Nothing", "", 404),
    ]
    assert calls[0]["bytes"] > 1000
    assert calls[0]["tenant"] == person.tenant_id
