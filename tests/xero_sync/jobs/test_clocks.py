"""Beat's messages reach workers whose clocks are not quite beat's."""

import json
from datetime import UTC, datetime, timedelta

from celery import current_app

from lrm.waking import worker_tasks
from tests.support.broker import Broker
from xero_sync import tasks


def test_worker_whose_clock_is_a_minute_ahead_takes_what_beat_sends() -> None:
    broker = Broker()
    broker.lose_all()
    entry = tasks.SCHEDULE["xero_sync-ring-all"]

    current_app.send_task(entry["task"], **entry["options"])

    [message] = [json.loads(one) for one in broker.valkey.lrange(worker_tasks.PEOPLE, 0, -1)]
    expires = datetime.fromisoformat(message["headers"]["expires"])
    broker.lose_all()
    ahead = datetime.now(UTC) + timedelta(minutes=1)
    assert ahead < expires
    # And what nobody takes does not pile up.
    assert expires < ahead + timedelta(minutes=10)
