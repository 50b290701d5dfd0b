"""Beat's messages reach workers whose clocks are not quite beat's."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app

from tests.support.broker import Broker

SCHEDULE: dict[str, dict[str, Any]] = current_app.conf.beat_schedule
AHEAD = timedelta(minutes=1)


@pytest.mark.parametrize("name", sorted(SCHEDULE))
def test_worker_whose_clock_is_a_minute_ahead_takes_what_beat_sends(name: str) -> None:
    broker = Broker()
    broker.lose_all()
    entry = SCHEDULE[name]
    options = entry.get("options", {})

    current_app.send_task(entry["task"], **options)

    queue = options.get("queue", current_app.conf.task_default_queue)
    [message] = [json.loads(one) for one in broker.valkey.lrange(queue, 0, -1)]
    broker.lose_all()
    # What is sent seldom may be without an end; then nobody ever drops it.
    if message["headers"]["expires"]:
        expires = datetime.fromisoformat(message["headers"]["expires"])
        ahead = datetime.now(UTC) + AHEAD
        assert ahead < expires
        # And what nobody takes does not pile up.
        assert expires < ahead + max(timedelta(minutes=10), entry["schedule"])
    else:
        assert entry["schedule"] >= timedelta(minutes=1)


def test_what_beat_sends_often_waits_for_busy_workers_for_minutes() -> None:
    often = [entry for entry in SCHEDULE.values() if entry["schedule"] < timedelta(minutes=1)]

    assert len(often) > 4
    assert {entry["options"]["expires"] for entry in often} == {300.0}
