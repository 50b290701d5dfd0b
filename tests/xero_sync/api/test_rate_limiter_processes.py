"""The limiter against the simulator's own limits, over real HTTP: no call is ever refused.

The simulator's clock runs fast, so that its minute is a second of ours; its limits are so low that
a busy machine reaches them too. Processes hammer until the simulator has seen what is looked for:
some minutes, and in the busiest of them so many calls. A machine that stands still for a while
only makes them come later.
"""

import datetime
import multiprocessing
import threading
import time
import uuid
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from typing import Any

import pytest
import requests

from tests.support import limiting, simulator_process, waiting
from xero_sync.api import errors, limits, rate_limiter

SPEED = 60
MINUTE = 60 / SPEED
# Before the simulator's access tokens end, after half an hour of its own.
LONGEST = 25 * MINUTE
FAST = limits.Limits(
    minute=24,
    day=5000,
    concurrent=5,
    app_minute=36,
    lapse_seconds=60.0,
    minute_seconds=MINUTE,
    day_seconds=86_400 / SPEED,
)
BULK = FAST.of_bulk().minute
_fork = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def strict_simulator() -> Iterator[str]:
    limits_of_app = ("--minute-limit", str(FAST.minute), "--app-minute-limit", str(FAST.app_minute))
    with simulator_process.running(
        "--seed", "7", "--clock-speed", str(SPEED), *limits_of_app
    ) as url:
        yield url


@pytest.fixture
def books() -> Iterator[limiting.Books]:
    with limiting.corner() as corner:
        yield corner


def hammer(
    known: rate_limiter.Limiter,
    people: list[simulator_process.Person],
    lane: rate_limiter.Lane,
    over: Event,
) -> None:
    """Call as fast as the limiter lets us, first one organisation, then the next."""
    with requests.Session() as session:
        while not over.is_set():
            for person in people:
                _call_once(known, session, person, lane)


def _call_once(
    known: rate_limiter.Limiter,
    session: requests.Session,
    person: simulator_process.Person,
    lane: rate_limiter.Lane,
) -> None:
    tenant_id = uuid.UUID(person.tenant_id)
    try:
        slot = known.acquire_soon(tenant_id=tenant_id, lane=lane, patience=0.1)
    except errors.RateLimited:
        return
    answer = session.get(
        f"{person.url}/api.xro/2.0/Organisation", headers=person.headers, timeout=30
    )
    known.release(slot, headers=answer.headers, answered=True)


def run(url: str, workers: int, minutes: int, wanted: int, *arguments: Any) -> None:
    """Hammer with so many processes of two threads each.

    Until Xero was called for some minutes, and so many calls have fallen into as many.
    """
    over = _fork.Event()

    def work() -> None:
        threads = [threading.Thread(target=hammer, args=(*arguments, over)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    children = [_fork.Process(target=work) for _ in range(workers)]
    for child in children:
        child.start()
    waiting.wait_until(
        lambda: lasted(calls := seen(url), minutes) and most_within(minutes, calls) >= wanted,
        seconds=LONGEST,
        pause=0.1,
    )
    over.set()
    for child in children:
        child.join()
        assert child.exitcode == 0


def seen(url: str) -> list[dict[str, Any]]:
    """Return every accounting call that the simulator saw, in their order."""
    calls = simulator_process.control(url, "calls")
    return [call for call in calls if call["path"].startswith("/api.xro/")]


def lasted(calls: list[dict[str, Any]], minutes: int) -> bool:
    """Return whether Xero was called for so many minutes."""
    if not calls:
        return False
    first, last = (simulator_process.moment(calls[at]["at"]) for at in (0, -1))
    return last - first >= datetime.timedelta(minutes=minutes)


def most_within(minutes: int, calls: list[dict[str, Any]]) -> int:
    """Return how many calls fell into the busiest of all stretches of so many minutes."""
    moments = [simulator_process.moment(call["at"]) for call in calls]
    most, first = 0, 0
    for number, at in enumerate(moments, 1):
        while moments[first] < at - datetime.timedelta(minutes=minutes):
            first += 1
        most = max(most, number - first)
    return most


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_limiter_never_meets_a_limit_and_wastes_none_when_workers_share_it(
    strict_simulator: str, books: limiting.Books, workers: int
) -> None:
    simulator_process.control(strict_simulator, "reset", {})
    person = simulator_process.connect(strict_simulator)
    # A call that takes ten milliseconds, so that several are in flight.
    slow = {"match": {}, "times": -1, "answer": {"delay_seconds": 0.01 * SPEED}}
    simulator_process.control(strict_simulator, "faults", slow)

    # Four minutes' worth on a machine with nothing else to do.
    wanted = 2 * FAST.minute
    known = books.limiter(FAST)
    run(strict_simulator, workers, 4, wanted, known, [person], rate_limiter.Lane.PEOPLE)

    calls = seen(strict_simulator)
    assert {call["status"] for call in calls} == {200}
    assert most_within(4, calls) >= wanted


def test_limiter_never_meets_the_apps_limit_when_organisations_share_it(
    strict_simulator: str, books: limiting.Books
) -> None:
    simulator_process.control(strict_simulator, "reset", {})
    people = [simulator_process.connect(strict_simulator, organisation=n) for n in (0, 1)]

    # More than the app has in a minute.
    wanted = FAST.app_minute + 1
    run(strict_simulator, 2, 3, wanted, books.limiter(FAST), people, rate_limiter.Lane.PEOPLE)

    calls = seen(strict_simulator)
    assert {call["status"] for call in calls} == {200}
    assert most_within(3, calls) >= wanted


def test_who_comes_beside_bulk_waits_for_a_loan_at_most_and_bulk_uses_what_nobody_asks_for(
    strict_simulator: str, books: limiting.Books
) -> None:
    simulator_process.control(strict_simulator, "reset", {})
    person = simulator_process.connect(strict_simulator)
    known, over = books.limiter(FAST), _fork.Event()
    children = [
        _fork.Process(target=hammer, args=(known, [person], rate_limiter.Lane.BULK, over))
        for _ in range(3)
    ]

    for child in children:
        child.start()
    waits: list[float] = []
    for _ in range(3):
        time.sleep(1.5 * MINUTE)
        wait_for_loan(strict_simulator)
        waits += [told for _ in range(FAST.minute - BULK) for told in one_call(known, person)]
    over.set()
    for child in children:
        child.join()
        assert child.exitcode == 0

    assert {call["status"] for call in seen(strict_simulator)} == {200}
    assert max(waits, default=0.0) <= FAST.loan_seconds


def wait_for_loan(url: str) -> None:
    """Wait until bulk has made more calls within a minute than are its own."""
    before = len(seen(url))
    assert waiting.wait_until(
        lambda: most_within(1, seen(url)[before:]) > BULK, seconds=LONGEST, pause=0.05
    )


def one_call(known: rate_limiter.Limiter, person: simulator_process.Person) -> list[float]:
    """Make one call for a person as soon as may be; return the waits that it was told."""
    told = []
    tenant_id = uuid.UUID(person.tenant_id)
    while isinstance(
        answer := known.acquire(tenant_id=tenant_id, lane=rate_limiter.Lane.PEOPLE),
        rate_limiter.Wait,
    ):
        told.append(answer.seconds)
        time.sleep(answer.seconds)
    reply = requests.get(
        f"{person.url}/api.xro/2.0/Organisation", headers=person.headers, timeout=30
    )
    known.release(answer, headers=reply.headers, answered=True)
    return told
