"""The limiter against the simulator's own limits, over real HTTP: no call is ever refused.

The simulator's clock runs fast, so that its minute is half a second of ours.
"""

import multiprocessing
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.simulator import process
from tests.xero_sync import limiting
from xero_sync import errors, limiter, limits

SPEED = 120
MINUTE = 60 / SPEED
FAST = limits.Limits(
    minute=60,
    day=5000,
    concurrent=5,
    app_minute=90,
    lapse_seconds=10.0,
    minute_seconds=MINUTE,
    day_seconds=86_400 / SPEED,
)
_fork = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def strict_simulator() -> Iterator[str]:
    limits_of_app = ("--app-minute-limit", str(FAST.app_minute))
    with process.running("--seed", "7", "--clock-speed", str(SPEED), *limits_of_app) as url:
        yield url


@pytest.fixture
def books() -> Iterator[limiting.Books]:
    with limiting.corner() as corner:
        yield corner


def hammer(
    known: limiter.Limiter, people: list[process.Person], lane: limiter.Lane, until: float
) -> None:
    """Call as fast as the limiter lets us, first one organisation, then the next."""
    with requests.Session() as session:
        while time.monotonic() < until:
            for person in people:
                _call_once(known, session, person, lane)


def _call_once(
    known: limiter.Limiter, session: requests.Session, person: process.Person, lane: limiter.Lane
) -> None:
    tenant_id = uuid.UUID(person.tenant_id)
    try:
        slot = known.acquire_soon(tenant_id=tenant_id, lane=lane, patience=0.1)
    except errors.RateLimited:
        return
    answer = session.get(
        f"{person.url}/api.xro/2.0/Organisation", headers=person.headers, timeout=5
    )
    known.settle(slot, headers=answer.headers, answered=True)


def run(workers: int, seconds: float, *arguments: Any) -> None:
    """Hammer with so many processes of two threads each."""
    until = time.monotonic() + seconds

    def work() -> None:
        threads = [threading.Thread(target=hammer, args=(*arguments, until)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    children = [_fork.Process(target=work) for _ in range(workers)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0


def statuses(url: str) -> list[int]:
    """Return the status of every accounting call that the simulator saw."""
    seen = process.control(url, "calls")
    return [call["status"] for call in seen if call["path"].startswith("/api.xro/")]


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_limiter_never_meets_a_limit_and_wastes_none_when_workers_share_it(
    strict_simulator: str, books: limiting.Books, workers: int
) -> None:
    process.control(strict_simulator, "reset", {})
    person = process.connect(strict_simulator)
    # A call that takes ten milliseconds, so that several are in flight.
    slow = {"match": {}, "times": -1, "answer": {"delay_seconds": 0.01 * SPEED}}
    process.control(strict_simulator, "faults", slow)

    run(workers, 4 * MINUTE, books.limiter(FAST), [person], limiter.Lane.PEOPLE)

    seen = statuses(strict_simulator)
    assert set(seen) == {200}
    assert len(seen) >= 2 * 60  # Four minutes' worth on a machine with nothing else to do.


def test_limiter_never_meets_the_apps_limit_when_organisations_share_it(
    strict_simulator: str, books: limiting.Books
) -> None:
    process.control(strict_simulator, "reset", {})
    people = [process.connect(strict_simulator, organisation=n) for n in (0, 1)]

    run(2, 3 * MINUTE, books.limiter(FAST), people, limiter.Lane.PEOPLE)

    seen = statuses(strict_simulator)
    assert set(seen) == {200}
    assert len(seen) > 90
