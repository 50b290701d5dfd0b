"""One bell for many rows, and none of them without a bell that rings after it."""

import random
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from xero_sync import tasks
from xero_sync.jobs import dispatch


def test_first_row_rings_at_once_and_those_close_behind_share_a_later_bell() -> None:
    together = dispatch.Together()

    delays = [together.delay_at(now) for now in (100.0, 100.01, 100.1, 100.15)]

    assert delays[0] == 0.0
    assert delays[1] is not None
    assert delays[1] > dispatch.TOGETHER_SECONDS
    assert delays[2:] == [None, None]


def test_row_after_a_quiet_spell_rings_at_once() -> None:
    together = dispatch.Together()
    together.delay_at(100.0)
    together.delay_at(100.05)

    assert together.delay_at(102.0) == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_every_row_has_a_bell_that_rings_no_earlier_than_it_came(seed: int) -> None:
    rng, now, together = random.Random(seed), 0.0, dispatch.Together()
    rows, rung = [], []

    for _ in range(500):
        now += rng.expovariate(rng.choice((2.0, 50.0, 1000.0)))
        rows.append(now)
        delay = together.delay_at(now)
        if delay is not None:
            rung.append(now + delay)

    assert all(
        any(row <= bell <= row + 2 * dispatch.TOGETHER_SECONDS for bell in rung) for row in rows
    )
    assert len(rung) <= 2 + now / dispatch.TOGETHER_SECONDS * 2


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """The broker that bells go to, empty."""
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


def test_queue_whose_workers_are_away_is_not_filled_for_ever(
    transactional_db: None, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "CROWDED", 3)

    for _ in range(10):
        ring = dispatch.ringer()
        ring(tasks.sweep, 1, queue=dispatch.BULK)
        ring(tasks.sweep, 2, queue=dispatch.BULK)
    ring(tasks.push_learners, 1, queue=dispatch.PEOPLE)

    assert broker.llen(dispatch.BULK) == 4
    assert broker.llen(dispatch.PEOPLE) == 1
