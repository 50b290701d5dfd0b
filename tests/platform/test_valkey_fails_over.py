"""Valkey fails over in place: the primary becomes a replica, and its address leads to another.

Nobody is told, and connections that stand still reach the first: it answers every PING and refuses
every change. So whoever is refused must connect anew.
"""

import dataclasses
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from celery import current_app

from lrm import valkey_clients
from lrm.demo import supervisor
from lrm.waking.worker_tasks import QUEUES
from tests.support import own_product, own_valkey, processes, tcp_relay, waiting, webhook_posts
from xero_sync.api import limits, rate_limiter
from xero_sync.models import Delivery

pytestmark = [pytest.mark.timeout(400)]
# Wakes once for each line that it reads.
_WAKES = """
import sys
import django
django.setup()
from lrm.waking import worker_tasks
for _ in sys.stdin:
    worker_tasks.WorkerTask("lrm.tasks.tidy").wake_together()
    print(worker_tasks.flush(10), flush=True)
"""


@dataclasses.dataclass
class Pair:
    """Two servers, and the address by which the product knows them."""

    url: str
    first: redis.Redis
    second: redis.Redis
    fail_over: Callable[[], None]


def messages(server: redis.Redis) -> int:
    """Return how many messages wait at a server."""
    return sum(int(server.llen(queue)) for queue in QUEUES)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Two servers of their own; the address leads to the first until they fail over."""
    with (
        own_valkey.running(tmp_path / "first") as first,
        own_valkey.running(tmp_path / "second") as second,
        tcp_relay.running(port_of(first.url)) as relay,
    ):
        old, new = (redis.Redis.from_url(server.url) for server in (first, second))

        def fail_over() -> None:
            old.replicaof("127.0.0.1", "9")
            relay.point_at(port_of(second.url))

        yield Pair(f"redis://127.0.0.1:{relay.port}/0", old, new, fail_over)


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def test_limiter_gives_slots_at_the_new_primary_from_the_first_call_on(pair: Pair) -> None:
    limiter = rate_limiter.Limiter(
        server=valkey_clients.make_client(pair.url), allowed=limits.from_settings(), prefix="made:"
    )
    tenant_id = uuid.uuid4()
    slot = limiter.acquire_soon(tenant_id=tenant_id, lane=rate_limiter.Lane.PEOPLE)
    limiter.release(slot, headers={}, answered=True)

    pair.fail_over()

    assert limiter.acquire_soon(tenant_id=tenant_id, lane=rate_limiter.Lane.PEOPLE)
    assert pair.second.keys("made:*")


def test_client_says_that_a_server_takes_no_change_while_no_other_is_there(pair: Pair) -> None:
    client = valkey_clients.make_client(pair.url)
    client.set("made", "up")
    pair.second.replicaof("127.0.0.1", "9")

    pair.fail_over()
    with pytest.raises(redis.exceptions.ReadOnlyError):
        client.set("made", "up")
    pair.second.replicaof("NO", "ONE")

    assert client.set("made", "up")


def test_sender_wakes_by_the_new_primary_from_the_first_message_on(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", pair.url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "lrm.settings")
    monkeypatch.setenv("DEBUG", "True")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/unused")
    waking = processes.start_python(_WAKES)
    assert waking.stdin is not None
    assert waking.stdout is not None

    def wake() -> None:
        assert waking.stdin is not None
        assert waking.stdout is not None
        print(file=waking.stdin, flush=True)
        assert waking.stdout.readline() == "True\n"

    try:
        wake()
        pair.fail_over()
        wake()
    finally:
        waking.kill()
        waking.communicate()

    assert messages(pair.second) == 1


def test_beat_wakes_by_the_new_primary_from_the_first_message_on(
    pair: Pair, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "celery", "-A", "lrm", "beat", "--loglevel", "INFO"]
    command += ["--schedule", str(tmp_path / "schedule"), "--pidfile", ""]
    with supervisor.Supervisor(logs=tmp_path / "logs", root=processes.ROOT) as only:
        beat = only.start(
            "beat",
            command,
            environment=own_product.environment(
                tmp_path,
                REDIS_URL=pair.url,
                DATABASE_URL="postgresql://nobody@127.0.0.1:9/unused",
            ),
            ready_line=r"Sending due task",
        )
        only.wait_until_ready(beat, seconds=own_product.READY_SECONDS)
        assert waiting.wait_until(lambda: messages(pair.first) > 2)

        pair.fail_over()

        assert waiting.wait_until(lambda: messages(pair.second) > 0)
    assert "Couldn't apply" not in (tmp_path / "logs" / "beat.log").read_text()


@pytest.mark.usefixtures("transactional_db")
def test_worker_takes_its_messages_from_the_new_primary(pair: Pair, tmp_path: Path) -> None:
    def wakes_for(delivery: Delivery) -> bool:
        with current_app.connection_for_write(pair.url) as connection:
            current_app.send_task(
                "xero_sync.tasks.unpack_deliveries", queue="people", connection=connection
            )
        return Delivery.objects.filter(pk=delivery.pk).exclude(unpacked_at=None).exists()

    def unpacks() -> bool:
        delivery = Delivery.objects.create(
            received_at="2026-11-02T00:00Z", body=webhook_posts.envelope()
        )
        return waiting.wait_until(lambda: wakes_for(delivery), pause=0.5)

    with own_product.worker(tmp_path, REDIS_URL=pair.url):
        assert unpacks()

        pair.fail_over()

        assert unpacks()
