"""One message for many rows, and none of them without one that arrives after it."""

import inspect
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.db import transaction

from connected_apps import dispatch as connection_dispatch
from lrm.waking import worker_tasks
from lrm.waking.worker_tasks import BULK, EVENTS, PEOPLE, WorkerTask
from tests.support.broker import Broker
from xero_sync.jobs import dispatch

ROOT = Path(__file__).parents[3]
# Nothing of it waits for the broker; this is for a busy machine.
MOST_SECONDS = 0.5


def test_first_row_wakes_at_once_and_those_close_behind_share_a_later_message() -> None:
    together = worker_tasks.Together()

    delays = [together.delay_at(now) for now in (100.0, 100.01, 100.1, 100.15)]

    assert delays[0] == 0.0
    assert delays[1] is not None
    assert delays[1] > worker_tasks.TOGETHER_SECONDS
    assert delays[2:] == [None, None]


def test_row_after_a_quiet_spell_wakes_at_once() -> None:
    together = worker_tasks.Together()
    together.delay_at(100.0)
    together.delay_at(100.05)

    assert together.delay_at(102.0) == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_every_row_has_a_message_that_arrives_no_earlier_than_it_came(seed: int) -> None:
    rng, now, together = random.Random(seed), 0.0, worker_tasks.Together()
    rows, woken = [], []

    for _ in range(500):
        now += rng.expovariate(rng.choice((2.0, 50.0, 1000.0)))
        rows.append(now)
        delay = together.delay_at(now)
        if delay is not None:
            woken.append(now + delay)

    assert all(
        any(row <= at <= row + 2 * worker_tasks.TOGETHER_SECONDS for at in woken) for row in rows
    )
    assert len(woken) <= 2 + now / worker_tasks.TOGETHER_SECONDS * 2


@pytest.fixture
def broker() -> Iterator[Broker]:
    """The broker that messages go to, empty."""
    found = Broker()
    found.lose_all()
    yield found
    found.lose_all()
    found.valkey.close()


def test_queue_whose_workers_are_away_is_not_filled_for_ever(
    transactional_db: None, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_tasks, "CROWDED", 3)

    for _ in range(10):
        wake = worker_tasks.waker()
        wake(dispatch.SWEEP, 1)
        wake(dispatch.SWEEP, 2)
        # Else the next one may look before these have arrived.
        assert worker_tasks.flush(10)
    wake(dispatch.PUSH_LEARNERS, 1)

    assert broker.length(BULK) == 4
    assert broker.length(PEOPLE) == 1


def test_worker_is_woken_once_the_row_is_committed_and_not_where_it_is_not(
    transactional_db: None, broker: Broker
) -> None:
    with transaction.atomic():
        dispatch.WORK_ON_RUN.wake(7)
        assert broker.waiting() == []
    with transaction.atomic():
        dispatch.WORK_ON_RUN.wake(8)
        transaction.set_rollback(True)

    assert broker.waiting() == [(dispatch.WORK_ON_RUN.name, [7])]


@pytest.mark.parametrize(
    ("name", "args", "named"),
    [
        ("xero_sync.tasks.unpack_deliveries", [], {}),
        ("xero_sync.tasks.fetch_events", [1], {}),
        ("xero_sync.tasks.sweep", [1], {}),
        ("xero_sync.tasks.check_counts", [1], {}),
        ("xero_sync.tasks.work_on_run", [1], {}),
        ("xero_sync.tasks.push_learners", [1], {}),
        ("xero_sync.tasks.ring_all", [], {}),
        ("connected_apps.tasks.finish_removals", [], {}),
        ("connected_apps.tasks.tidy", [], {}),
        ("connected_apps.tasks.look_daily", [], {}),
        ("connected_apps.tasks.look_at", [], {"connection_id": 1}),
        ("connected_apps.tasks.keep_alive", [], {}),
        ("connected_apps.tasks.renew", [], {"connection_id": 1}),
    ],
)
def test_messages_of_the_release_before_are_understood(
    name: str, args: list[int], named: dict[str, int]
) -> None:
    inspect.signature(current_app.tasks[name].run).bind(*args, **named)


def tasks() -> list[WorkerTask]:
    """Return all that workers are woken for."""
    named = [*vars(dispatch).values(), *vars(connection_dispatch).values()]
    return [each for each in named if isinstance(each, WorkerTask)]


@pytest.mark.parametrize(
    ("queue", "names"),
    [
        (EVENTS, {"unpack_deliveries", "fetch_events"}),
        (PEOPLE, {"push_learners", "refresh_learner", "finish_removals", "look_at", "renew"}),
    ],
)
def test_what_people_wait_for_and_what_is_fresh_queues_behind_nothing_else(
    queue: str, names: set[str]
) -> None:
    found = {each.name.rpartition(".")[2] for each in tasks() if each.queue == queue}

    assert found == names


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task.name)
def test_every_name_that_workers_are_woken_by_is_a_task(task: WorkerTask) -> None:
    assert task.name in current_app.tasks


@pytest.fixture
def silent_broker() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("port_of", ["silent_broker", "closed_port"])
def test_broker_that_is_away_fails_nothing_and_delays_it_by_little(
    request: pytest.FixtureRequest, transactional_db: None, port_of: str
) -> None:
    """In a process of its own: Celery's connections are made once a process."""
    port = request.getfixturevalue(port_of)
    code = (
        "import django, time; django.setup()\n"
        "from xero_sync.jobs import dispatch\n"
        "for number in range(20):\n"
        "    began = time.monotonic()\n"
        "    dispatch.SWEEP.wake(number)\n"
        "    dispatch.UNPACK_DELIVERIES.wake_together()\n"
        "    print(time.monotonic() - began)\n"
        "    time.sleep(0.05)\n"
    )
    around = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "REDIS_URL": f"redis://127.0.0.1:{port}/0",
    }

    told = subprocess.run(
        [sys.executable, "-c", code],
        env=around,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    seconds = [float(line) for line in told.stdout.split()]
    assert len(seconds) == 20
    assert max(seconds) < MOST_SECONDS
