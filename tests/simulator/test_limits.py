"""Rate limits in simulated time, with Xero's own headers and bodies."""

import concurrent.futures
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import simulator_process
from tests.support.simulator_process import Person


@pytest.fixture(scope="module")
def limited_url() -> Iterator[str]:
    with simulator_process.running(
        "--documents", "60", "--contacts", "20", "--day-limit", "130"
    ) as url:
        yield url


@pytest.fixture
def person(limited_url: str) -> Person:
    simulator_process.control(limited_url, "reset", {})
    return simulator_process.connect(limited_url)


def left(answer: object) -> tuple[int, int, int]:
    headers = answer.headers  # type: ignore[attr-defined]
    names = ("X-MinLimit-Remaining", "X-DayLimit-Remaining", "X-AppMinLimit-Remaining")
    minute, day, app = (int(headers[name]) for name in names)
    return minute, day, app


def start_of_a_minute(person: Person) -> None:
    """Come to a window that began a moment ago, so that it outlasts the test.

    A count that is fresh says nothing of when its window began: after a reset the first call
    finds one at any second of it. A window that is seen to turn has begun just now.
    """
    person.get("Organisation")
    while left(person.get("Organisation"))[0] != 59:
        simulator_process.control(person.url, "clock", {"advance_seconds": 5})


def end_of_the_day(person: Person) -> Any:
    """Call until the day's limit refuses, through as many minutes as that takes."""
    while True:
        answer = person.get("Organisation")
        if answer.status_code == 429:
            if answer.headers["X-Rate-Limit-Problem"] == "day":
                return answer
            wait = int(answer.headers["Retry-After"])
            simulator_process.control(person.url, "clock", {"advance_seconds": wait})


def test_headers_count_down(person: Person) -> None:
    start_of_a_minute(person)

    first, second = left(person.get("Organisation")), left(person.get("Contacts"))

    assert second == (first[0] - 1, first[1] - 1, first[2] - 1)


def test_minute_ends_after_60_calls_and_begins_again(person: Person) -> None:
    start_of_a_minute(person)
    statuses = [person.get("Organisation").status_code for _ in range(59)]

    refused = person.get("Organisation")
    wait = int(refused.headers["Retry-After"])
    simulator_process.control(person.url, "clock", {"advance_seconds": wait})
    after = person.get("Organisation")

    assert set(statuses) == {200}
    assert refused.status_code == 429
    assert refused.content == b""
    assert "Content-Type" not in refused.headers
    assert refused.headers["X-Rate-Limit-Problem"] == "minute"
    assert refused.headers["X-MinLimit-Remaining"] == "0"
    assert 0 < wait <= 60
    assert after.status_code == 200


def test_day_ends_after_its_limit_and_says_hours(person: Person) -> None:
    until_the_next = int(end_of_the_day(person).headers["Retry-After"])
    simulator_process.control(person.url, "clock", {"advance_seconds": until_the_next})
    again = simulator_process.connect(person.url)
    first = again.get("Organisation")

    wait = int(end_of_the_day(again).headers["Retry-After"])

    assert left(first)[1] == 129
    assert 80_000 < wait <= 86_400


def test_sixth_call_at_once_is_refused_without_a_time(person: Person) -> None:
    script = {"match": {"path": "Organisation"}, "times": 5, "answer": {"delay_seconds": 300}}
    simulator_process.control(person.url, "faults", script)

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(person.get, "Organisation") for _ in range(6)]
        refused = next(concurrent.futures.as_completed(calls)).result()
        simulator_process.control(person.url, "clock", {"advance_seconds": 300})
        statuses = sorted(each.result().status_code for each in calls)

    assert statuses == [200] * 5 + [429]
    assert refused.headers["X-Rate-Limit-Problem"] == "concurrent"
    assert "Retry-After" not in refused.headers
    assert person.get("Organisation").status_code == 200


def test_organisations_have_windows_of_their_own(person: Person) -> None:
    other = simulator_process.connect(person.url, organisation=1)
    start_of_a_minute(person)
    for _ in range(60):
        person.get("Organisation")

    assert person.get("Organisation").status_code == 429
    assert other.get("Organisation").status_code == 200


def test_nothing_is_refused_when_limits_are_off(simulator: str) -> None:
    free = simulator_process.connect(simulator)

    answers = [free.get("Organisation") for _ in range(70)]

    assert {each.status_code for each in answers} == {200}
    assert left(answers[-1]) == (60, 5000, 10_000)
