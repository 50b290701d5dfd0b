"""Scripted 429s look like recorded ones, and like the simulator's own."""

from collections.abc import Iterator

import pytest
import requests

from tests.support import simulator_process


def script(person: simulator_process.Person, named: str) -> requests.Response:
    """Call an organisation of which a limit is said to be reached."""
    simulator_process.control(person.url, "faults", {"answer": {"named": named}})
    answer: requests.Response = person.get("Organisation")
    assert (answer.status_code, answer.content) == (429, b"")
    assert "Content-Type" not in answer.headers
    assert answer.headers["X-Rate-Limit-Problem"] == named
    return answer


def test_minute_is_the_one_that_was_recorded(person: simulator_process.Person) -> None:
    headers = script(person, "minute").headers

    names = ("Retry-After", "X-MinLimit-Remaining", "X-DayLimit-Remaining")
    assert [headers[name] for name in names] == ["22", "0", "4539"]
    assert headers["X-AppMinLimit-Remaining"] == "9938"


def test_day_is_the_one_that_was_logged(person: simulator_process.Person) -> None:
    headers = script(person, "day").headers

    names = ("Retry-After", "X-MinLimit-Remaining", "X-DayLimit-Remaining")
    assert [headers[name] for name in names] == ["66975", "60", "0"]


@pytest.fixture(scope="module")
def small_app() -> Iterator[str]:
    """Run a simulator whose app may make three calls a minute over all organisations."""
    with simulator_process.running(
        "--documents", "30", "--contacts", "10", "--app-minute-limit", "3"
    ) as url:
        yield url


def test_app_minute_says_the_same_whether_scripted_or_reached(small_app: str) -> None:
    person = simulator_process.connect(small_app)
    scripted = script(person, "appminute")

    answers = [person.get("Organisation") for _ in range(8)]

    reached = next(one for one in answers if one.status_code == 429)
    assert reached.headers["X-Rate-Limit-Problem"] == "appminute"
    for answer in (scripted, reached):
        assert "Retry-After" not in answer.headers
        assert answer.headers["X-AppMinLimit-Remaining"] == "0"
