"""What every address of Xero's has in common: faults, the call log, correlation ids."""

import concurrent.futures
from typing import Any

import pytest
import requests

from tests.support import simulator_process
from tests.support.simulator_process import Person

ACCOUNTING, CONNECTIONS = "/api.xro/2.0/Organisation", "/connections"
IDENTITY = "/.well-known/openid-configuration"
ADDRESSES = pytest.mark.parametrize("path", [ACCOUNTING, CONNECTIONS, IDENTITY])


def call(person: Person, path: str, method: str = "GET") -> requests.Response:
    return requests.request(
        method, person.url + path, headers=person.headers, timeout=simulator_process.TIMEOUT
    )


def script(person: Person, **answer: Any) -> None:
    simulator_process.control(person.url, "faults", {"answer": answer})


def logged(person: Person) -> list[tuple[str, int]]:
    """Return the method and status of each call since the person connected."""
    return [
        (one["method"], one["status"]) for one in simulator_process.control(person.url, "calls")
    ]


@pytest.fixture
def person(simulator: str) -> Person:
    """Give somebody who has connected, with an empty call log."""
    connected = simulator_process.connect(simulator)
    requests.delete(f"{simulator}/simulator/calls", timeout=simulator_process.TIMEOUT)
    return connected


@ADDRESSES
def test_call_is_logged_with_a_correlation_id_of_its_own(person: Person, path: str) -> None:
    ids = {call(person, path).headers["Xero-Correlation-Id"] for _ in range(2)}

    assert len(ids) == 2
    assert logged(person) == [("GET", 200)] * 2


@ADDRESSES
@pytest.mark.parametrize(
    "answer",
    [
        {"cut": "before"},
        {"cut": "after"},
        {"cut": "after", "status": 500},
        {"cut": "after", "named": "maintenance"},
    ],
)
def test_connection_is_cut_and_logged_without_a_status(
    person: Person, path: str, answer: dict[str, Any]
) -> None:
    script(person, **answer)

    with pytest.raises(requests.ConnectionError):
        call(person, path)

    assert logged(person) == [("GET", 0)]


@ADDRESSES
@pytest.mark.parametrize("answer", [{"late_seconds": 900}, {"delay_seconds": 900, "cut": "before"}])
def test_call_is_held_until_the_clock_has_moved(
    person: Person, path: str, answer: dict[str, Any]
) -> None:
    script(person, **answer)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        held = pool.submit(call, person, path)
        simulator_process.wait_until_held(person.url)
        before = logged(person)
        simulator_process.control(person.url, "clock", {"advance_seconds": 900})
        failure = held.exception()

    assert before == []
    assert isinstance(failure, requests.ConnectionError) == ("cut" in answer)
    assert len(logged(person)) == 1


def test_late_call_holds_no_slot_of_the_concurrent_limit() -> None:
    with simulator_process.running(
        "--documents", "60", "--contacts", "20", "--concurrent-limit", "1"
    ) as url:
        limited = simulator_process.connect(url)
        script(limited, late_seconds=900)

        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            late = pool.submit(call, limited, ACCOUNTING)
            simulator_process.wait_until_held(url)
            meanwhile = call(limited, ACCOUNTING).status_code
            simulator_process.control(url, "clock", {"advance_seconds": 900})

        assert (meanwhile, late.result().status_code) == (200, 200)


@pytest.mark.parametrize("path", [ACCOUNTING, CONNECTIONS])
def test_refused_bearer_is_told_the_same_wherever_it_is_shown(person: Person, path: str) -> None:
    person.tokens["access_token"] = "rubbish"

    answer = call(person, path)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer error=invalid_token"
    assert answer.json()["Detail"] == "AuthenticationUnsuccessful"
    assert answer.json()["Instance"] == answer.headers["Xero-Correlation-Id"]


@pytest.mark.parametrize(("path", "status"), [(CONNECTIONS, 405), ("/api.xro/2.0/Contacts", 501)])
def test_unknown_method_is_logged(person: Person, path: str, status: int) -> None:
    answer = call(person, path, "DELETE")

    assert answer.status_code == status
    assert "Xero-Correlation-Id" in answer.headers
    assert logged(person) == [("DELETE", status)]


@pytest.mark.parametrize("named", ["unknown_enum", "nulls"])
def test_page_without_elements_stays_as_it_is_when_it_should_be_corrupted(
    person: Person, named: str
) -> None:
    script(person, named=named)

    answer = call(person, "/api.xro/2.0/Nothing")

    assert answer.status_code == 404
    assert answer.text == "The resource you're looking for cannot be found"
